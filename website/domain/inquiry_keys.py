"""Keys of questions that wait: wrapped by the root key itself, as no practice's key is theirs."""

from collections import Counter

from django.db import transaction

from dermalia.sealing.roots import root_keys
from website.domain.inquiries import bound_to
from website.models import Inquiry


class InquiryKeys:
    """See ``dermalia.sealing.holders.Holder``."""

    name = "keys of questions"

    def by_version(self) -> Counter[int]:
        return Counter(Inquiry.objects.values_list("root_version", flat=True))

    def rewrap(self) -> int:
        roots, done = root_keys(), 0
        with transaction.atomic():
            rows = Inquiry.objects.select_for_update().exclude(root_version=roots.current)
            for row in rows:
                bound = bound_to(row.pk)
                secret = roots.unwrap(row.root_version, bytes(row.wrapped), bound_to=bound)
                row.root_version, row.wrapped = roots.wrap(secret, bound_to=bound)
                row.save(update_fields=["root_version", "wrapped"])
                done += 1
        return done
