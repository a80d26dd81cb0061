"""What public pages claim, and the tests that prove it.

Templates mark a claim by ``data-claim``, one for what one list of tests proves;
``tests/website/test_claims.py`` holds page, table and tests together.
"""

CLAIMS: dict[str, tuple[str, ...]] = {
    "accessible": (
        "tests/browser/test_website.py::test_axe_finds_nothing_on_any_public_page",
        "tests/browser/test_website.py::test_axe_finds_nothing_on_the_form_s_way",
        "tests/browser/test_accessible.py::test_axe_finds_nothing_in_any_state",
        "tests/browser/test_accessible.py::test_axe_finds_nothing_where_the_3d_view_fails",
        "tests/browser/test_accessible.py::test_axe_finds_nothing_on_the_page_of_a_report_that_is_gone",
    ),
    "as-supplied": (
        "tests/reports/test_patient_pages.py::test_all_five_values_are_shown_as_the_device_gave_them",
        "tests/frontend/test_wording.py::test_no_page_a_patient_sees_claims_a_medical_purpose",
    ),
    "code": (
        "tests/reports/test_codes.py::test_without_the_code_the_button_opens_nothing",
        "tests/reports/test_codes.py::test_a_released_report_has_a_code_where_the_practice_wants_one",
        "tests/reports/test_patient_pages.py::test_pressing_the_button_opens_the_report",
    ),
    "compared-unjudged": (
        "tests/reports/test_comparison_pages.py::test_the_page_shows_both_captures_and_judges_nothing",
    ),
    "contact": (
        "tests/website/test_inquiries.py::test_a_question_is_sealed_then_mailed_and_then_gone",
        "tests/website/test_inquiries.py::test_what_nobody_takes_is_forgotten",
    ),
    "contact-limit": (
        "tests/website/test_contact.py::test_too_many_questions_from_one_network_are_paused",
        "tests/website/test_contact.py::test_the_count_names_no_network",
        "tests/practices/test_passwords.py::test_tries_are_forgotten_after_a_day",
    ),
    "due-erased": (
        "tests/retention/test_erasure.py::test_what_is_due_is_erased_and_nothing_else",
        "tests/retention/test_erasure.py::test_after_an_erasure_no_store_holds_the_person",
    ),
    "due-hidden": (
        "tests/reports/test_patient_pages.py::test_a_due_report_is_gone_though_no_worker_ran",
        "tests/reports/test_patient_pages.py::test_the_day_before_it_is_due_it_is_still_there",
    ),
    "egress": (
        "tests/residency/test_residency.py::test_hosts_outside_the_register_are_refused",
        "tests/residency/test_guard.py::test_no_library_reaches_a_host_outside",
        "tests/residency/test_guard.py::test_no_foreign_name_is_looked_up",
        "tests/residency/test_processes.py::test_a_command_is_refused_every_way_out",
        "tests/residency/test_processes.py::test_the_web_server_is_refused_every_way_out_and_the_log_knows",
        "tests/residency/test_processes.py::test_a_library_inside_a_worker_is_refused_every_way_out",
        "tests/residency/test_checks.py::test_what_leaves_the_network_must_be_encrypted",
        "tests/mail/test_smtp.py::test_without_encryption_neither_password_nor_mail_leaves",
    ),
    "erased-stay-erased": (
        "tests/backups/test_drill.py::test_a_drill_proves_that_nothing_erased_comes_back_and_the_rest_opens",
        "tests/backups/test_restore.py::test_what_was_erased_after_the_backup_stays_erased",
        "tests/website/test_transparency.py::test_only_a_drill_that_passed_says_that_nothing_came_back",
    ),
    "erasure": (
        "tests/retention/test_erasure.py::test_from_the_request_on_nothing_can_be_read",
        "tests/retention/test_erasure.py::test_a_completed_erasure_leaves_no_object_and_no_row",
        "tests/sealing/test_keys.py::test_a_destroyed_key_is_gone_and_in_the_ledger",
    ),
    "erasure-drilled": (
        "tests/backups/test_erasure_drill.py::test_a_drill_erases_what_it_made_up_and_touches_nothing_that_lives",
        "tests/backups/test_erasure_drill.py::test_an_erasure_that_leaves_something_fails_the_drill",
        "tests/website/test_transparency.py::test_only_an_erasure_drill_that_passed_says_that_all_was_gone",
    ),
    "erasure-verified": (
        "tests/retention/test_erasure.py::test_verified_is_not_said_while_an_object_is_left",
    ),
    "erasure-watch": (
        "tests/retention/test_watch.py::test_an_erasure_that_takes_more_than_a_minute_is_an_alarm",
    ),
    "factors": (
        "tests/practices/test_passkeys.py::test_a_passkey_signs_in_without_a_name_being_typed",
        "tests/practices/test_passwords.py::test_password_and_code_sign_in",
        "tests/practices/test_passwords.py::test_a_password_without_its_code_opens_nothing",
        "tests/practices/test_sign_in.py::test_a_link_in_a_mailbox_replaces_no_factor",
    ),
    "fresh-factor": (
        "tests/practices/test_sessions.py::test_grave_acts_want_a_factor_again",
        "tests/reports/test_bulk.py::test_erasing_asks_for_a_factor_and_comes_back_to_the_same_choice",
        "tests/closing/test_everything.py::test_a_session_without_a_fresh_factor_orders_nothing",
    ),
    "gate": (
        "tests/reports/test_patient_pages.py::test_the_gate_shows_the_practice_and_nothing_else",
        "tests/reports/test_patient_pages.py::test_looking_at_the_gate_changes_nothing",
        "tests/reports/test_patient_pages.py::test_without_the_button_no_file_is_given",
    ),
    "keyboard": ("tests/browser/test_accessible.py::test_the_whole_page_works_by_keyboard",),
    "keys-apart": (
        "tests/tenancy/test_roles.py::test_a_data_backup_holds_every_practice_s_rows_and_no_key",
        "tests/tenancy/test_roles.py::test_a_keystore_backup_holds_every_key_and_no_data",
        "tests/sealing/test_keys.py::test_a_wrapped_key_moved_to_another_practice_is_refused",
    ),
    "link": (
        "tests/reports/test_links.py::test_a_link_has_25_characters_and_more_than_128_bits",
        "tests/reports/test_links.py::test_a_report_s_link_leads_to_it",
    ),
    "link-digest": ("tests/reports/test_links.py::test_the_look_up_table_holds_no_link",),
    "link-ends": (
        "tests/reports/test_link_life.py::test_a_link_that_is_off_is_neither_opened_nor_sent",
        "tests/reports/test_link_life.py::test_a_new_link_kills_the_old_one_at_once_and_is_mailed",
    ),
    "log": (
        "tests/sealing/test_keys.py::test_unlocking_leaves_an_entry",
        "tests/sealing/test_keys.py::test_an_access_without_an_entry_cannot_be_made",
        "tests/tenancy/test_scope.py::test_the_application_s_role_cannot",
        "tests/audit/test_chain.py::test_a_superuser_who_changes_the_log_is_found",
    ),
    "log-export": (
        "tests/audit/test_offline.py::test_a_whole_export_holds",
        "tests/audit/test_offline.py::test_the_verifier_is_python_3_9_and_imports_nothing_of_ours",
    ),
    "log-signed": (
        "tests/audit/test_checkpoints.py::test_the_task_makes_one",
        "tests/audit/test_checkpoints.py::test_a_checkpoint_in_storage_is_what_was_signed",
        "tests/website/test_figures.py::test_the_log_is_signed_as_often_as_the_pages_say",
    ),
    "mail-without-health": (
        "tests/reports/test_delivery.py::test_the_mail_carries_the_link_and_no_health_word",
        "tests/mail/test_message.py::test_a_mail_loads_nothing_and_names_no_health",
    ),
    "no-account": (
        "tests/browser/test_walks.py::test_a_patient_opens_the_mail_s_link_and_turns_the_face",
        "tests/browser/test_accessible.py::test_the_page_fits_the_smallest_phone",
    ),
    "no-cookie": (
        "tests/website/test_pages.py::test_a_visit_sets_no_cookie_and_leaves_no_session",
        "tests/browser/test_website.py::test_axe_finds_nothing_on_any_public_page",
    ),
    "no-copy": (
        "tests/reports/test_comparison_pages.py::test_the_page_offers_no_copy_for_anybody_else",
        "tests/reports/test_comparison_staff.py::test_the_page_offers_no_copy_for_anybody_else",
    ),
    "no-measuring": ("tests/website/test_pages.py::test_a_visit_is_noted_down_nowhere",),
    "no-script": (
        "tests/browser/test_walks.py::test_without_scripts_pictures_and_values_are_there",
        "tests/browser/test_website.py::test_without_scripts_nothing_is_missing",
    ),
    "no-third-party": (
        "tests/browser/test_website.py::test_axe_finds_nothing_on_any_public_page",
        "tests/browser/test_accessible.py::test_axe_finds_nothing_in_any_state",
        "tests/reports/test_patient_pages.py::test_every_address_in_the_page_is_of_our_own_origin",
    ),
    "purpose": ("tests/website/test_claims.py::test_the_agreement_rules_out_other_purposes",),
    "receipt": (
        "tests/retention/test_receipts.py::test_it_says_what_went_and_which_entry_of_the_log_tells_of_it",
        "tests/retention/test_receipts.py::test_staff_take_it_as_document_and_data_and_the_log_knows",
    ),
    "regions": (
        "tests/residency/test_residency.py::test_any_other_region_refuses_to_start_and_names_the_part",
        "tests/test_settings.py::test_nonsense_refuses_to_start",
    ),
    "report-cookie": (
        "tests/reports/test_patient_pages.py::test_the_one_cookie_is_short_lived_and_hidden_from_scripts",
    ),
    "retention": (
        "tests/reports/test_due.py::test_aesthetic_is_24_months_from_the_earlier_day",
        "tests/reports/test_due.py::test_medical_is_ten_years_from_capture",
        "tests/reports/test_due.py::test_medical_is_ten_years_from_the_end_of_treatment_where_it_is_known",
        "tests/onboarding/test_settings_pages.py::test_an_instruction_changes_what_is_released_from_then_on",
    ),
    "rotation": (
        "tests/sealing/test_rotation.py::test_rotating_the_root_key_leaves_objects_alone_and_readable",
        "tests/sealing/test_rotation.py::test_rotating_a_practice_key_rewraps_every_key_of_it",
    ),
    "sealing": (
        "tests/sealing/test_keys.py::test_storage_holds_nothing_of_what_was_put",
        "tests/sealing/test_keys.py::test_a_wrapped_key_moved_to_another_report_is_refused",
        "tests/sealing/test_storage.py::test_without_a_key_nothing_is_stored_and_nothing_opened",
        "tests/test_nothing_in_clear.py::test_a_dump_of_the_database_tells_nothing",
        "tests/test_nothing_in_clear.py::test_the_bucket_s_listing_and_bytes_tell_nothing",
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
        "tests/reports/test_visits.py::test_of_an_address_only_its_network_is_kept",
        "tests/reports/test_visits.py::test_of_a_browser_only_its_kind_is_kept",
        "tests/reports/test_visits.py::test_a_visit_has_room_for_four_things_and_no_more",
        "tests/reports/test_visits.py::test_entries_go_after_their_time_and_with_the_report",
    ),
    "watermark": (
        "tests/reports/test_comparison_pages.py::test_every_picture_is_marked_and_of_both_captures",
        "tests/reports/test_watermark.py::test_no_part_worth_cutting_out_is_without_the_mark",
        "tests/browser/test_compare.py::test_the_mark_lies_over_what_3d_draws",
    ),
}
