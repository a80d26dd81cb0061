"""What public pages claim, and the tests that prove it.

Templates mark a claim by ``data-claim``; ``tests/website/test_claims.py`` holds page, table and
tests together.
"""

CLAIMS: dict[str, tuple[str, ...]] = {
    "accessible": (
        "tests/browser/test_website.py::test_axe_finds_nothing_on_any_public_page",
        "tests/browser/test_accessible.py::test_axe_finds_nothing_in_any_state",
    ),
    "contact": (
        "tests/website/test_inquiries.py::test_a_question_is_sealed_then_mailed_and_then_gone",
        "tests/website/test_inquiries.py::test_what_nobody_takes_is_forgotten",
    ),
    "contact-limit": (
        "tests/website/test_contact.py::test_too_many_questions_from_one_network_are_paused",
    ),
    "egress": ("tests/residency/test_residency.py::test_hosts_outside_the_register_are_refused",),
    "erasure": (
        "tests/retention/test_erasure.py::test_from_the_request_on_nothing_can_be_read",
        "tests/sealing/test_keys.py::test_a_destroyed_key_is_gone_and_in_the_ledger",
    ),
    "factors": (
        "tests/practices/test_passkeys.py::test_a_passkey_signs_in_without_a_name_being_typed",
        "tests/practices/test_sign_in.py::test_a_link_leads_once_to_the_set_up_and_no_further",
    ),
    "gate": (
        "tests/reports/test_patient_pages.py::test_looking_at_the_gate_changes_nothing",
        "tests/reports/test_codes.py::test_without_the_code_the_button_opens_nothing",
    ),
    "keyboard": ("tests/browser/test_accessible.py::test_the_whole_page_works_by_keyboard",),
    "link": ("tests/reports/test_links.py::test_a_link_has_25_characters_and_more_than_128_bits",),
    "log": (
        "tests/audit/test_chain.py::test_a_superuser_who_changes_the_log_is_found",
        "tests/audit/test_checkpoints.py::test_a_checkpoint_in_storage_is_what_was_signed",
        "tests/reports/test_visits.py::test_every_look_at_the_report_is_one_entry_and_the_gate_is_none",
    ),
    "mail-without-health": (
        "tests/reports/test_delivery.py::test_the_mail_carries_the_link_and_no_health_word",
        "tests/mail/test_message.py::test_a_mail_loads_nothing_and_names_no_health",
    ),
    "no-cookie": (
        "tests/website/test_pages.py::test_a_visit_sets_no_cookie_and_leaves_no_session",
    ),
    "no-third-party": (
        "tests/browser/test_website.py::test_axe_finds_nothing_on_any_public_page",
        "tests/reports/test_patient_pages.py::test_every_address_in_the_page_is_of_our_own_origin",
    ),
    "receipt": (
        "tests/retention/test_erasure.py::test_staff_confirm_by_typing_the_end_of_the_scan",
    ),
    "regions": (
        "tests/residency/test_residency.py::test_any_other_region_refuses_to_start_and_names_the_part",
    ),
    "report-cookie": (
        "tests/reports/test_patient_pages.py::test_the_one_cookie_is_short_lived_and_hidden_from_scripts",
    ),
    "retention": (
        "tests/reports/test_due.py::test_aesthetic_is_24_months_from_the_earlier_day",
        "tests/reports/test_due.py::test_medical_is_ten_years_from_the_end_of_treatment_where_it_is_known",
        "tests/retention/test_erasure.py::test_what_is_due_is_erased_and_nothing_else",
    ),
    "rotation": (
        "tests/sealing/test_rotation.py::test_rotating_a_practice_key_rewraps_every_key_of_it",
    ),
    "sealing": (
        "tests/sealing/test_keys.py::test_storage_holds_nothing_of_what_was_put",
        "tests/sealing/test_storage.py::test_without_a_key_nothing_is_stored_and_nothing_opened",
        "tests/tenancy/test_roles.py::test_a_data_backup_holds_every_practice_s_rows_and_no_key",
    ),
    "sessions": (
        "tests/practices/test_sessions.py::test_an_idle_session_ends",
        "tests/practices/test_sessions.py::test_a_session_ends_after_its_day_however_busy",
    ),
    "tenancy": (
        "tests/tenancy/test_scope.py::test_a_query_that_forgot_the_practice_sees_its_own_rows_only",
        "tests/tenancy/test_attacks.py::test_no_table_shows_a_row_outside_of_its_practice_s_scope",
    ),
    "visits": (
        "tests/reports/test_visits.py::test_a_visit_has_room_for_four_things_and_no_more",
        "tests/reports/test_visits.py::test_entries_go_after_their_time_and_with_the_report",
    ),
    "watermark": (
        "tests/reports/test_watermark.py::test_no_part_worth_cutting_out_is_without_the_mark",
    ),
}
