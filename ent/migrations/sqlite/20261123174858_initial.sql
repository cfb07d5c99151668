-- Create "bulk_jobs" table
CREATE TABLE `bulk_jobs` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `district_id` integer NOT NULL, `kind` text NOT NULL, `status` text NOT NULL DEFAULT ('VERIFYING'), `groups_mode` text NOT NULL DEFAULT ('ADD'), `commit_mode` text NOT NULL DEFAULT ('VALID_ROWS'), `file_name` text NOT NULL DEFAULT (''), `idempotency_key` text NULL, `edit` json NULL, `encoding` text NOT NULL DEFAULT (''), `delimiter` text NOT NULL DEFAULT (''), `line_ending` text NOT NULL DEFAULT (''), `headers` json NULL, `ignored_headers` json NULL, `total_rows` integer NOT NULL DEFAULT (0), `verified_rows` integer NOT NULL DEFAULT (0), `processed_rows` integer NOT NULL DEFAULT (0), `created` integer NOT NULL DEFAULT (0), `updated` integer NOT NULL DEFAULT (0), `unchanged` integer NOT NULL DEFAULT (0), `deleted` integer NOT NULL DEFAULT (0), `enrollments_added` integer NOT NULL DEFAULT (0), `enrollments_removed` integer NOT NULL DEFAULT (0), `warnings` integer NOT NULL DEFAULT (0), `errors` integer NOT NULL DEFAULT (0), `held_by_rule` integer NOT NULL DEFAULT (0), `approved_by` integer NULL, `undone_rows` integer NOT NULL DEFAULT (0), `kept_rows` integer NOT NULL DEFAULT (0), `undone_by` integer NULL, `key_print` text NOT NULL DEFAULT (''), `lease_owner` text NOT NULL DEFAULT (''), `lease_until` datetime NULL, `fence` integer NOT NULL DEFAULT (0), `started_at` datetime NULL, `finished_at` datetime NULL, `organization_id` integer NOT NULL, `submitted_by` integer NOT NULL, CONSTRAINT `bulk_jobs_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE RESTRICT, CONSTRAINT `bulk_jobs_educators_submitter` FOREIGN KEY (`submitted_by`) REFERENCES `educators` (`id`) ON DELETE RESTRICT);
-- Create index "bulkjob_submitted_by_idempotency_key" to table: "bulk_jobs"
CREATE UNIQUE INDEX `bulkjob_submitted_by_idempotency_key` ON `bulk_jobs` (`submitted_by`, `idempotency_key`);
-- Create index "bulkjob_district_id" to table: "bulk_jobs"
CREATE INDEX `bulkjob_district_id` ON `bulk_jobs` (`district_id`);
-- Create index "bulkjob_organization_id" to table: "bulk_jobs"
CREATE INDEX `bulkjob_organization_id` ON `bulk_jobs` (`organization_id`);
-- Create index "bulkjob_status" to table: "bulk_jobs"
CREATE INDEX `bulkjob_status` ON `bulk_jobs` (`status`);
-- Create "bulk_job_chunks" table
CREATE TABLE `bulk_job_chunks` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `seq` integer NOT NULL, `data` blob NOT NULL, `job_id` integer NOT NULL, CONSTRAINT `bulk_job_chunks_bulk_jobs_chunks` FOREIGN KEY (`job_id`) REFERENCES `bulk_jobs` (`id`) ON DELETE RESTRICT);
-- Create index "bulkjobchunk_job_id_seq" to table: "bulk_job_chunks"
CREATE UNIQUE INDEX `bulkjobchunk_job_id_seq` ON `bulk_job_chunks` (`job_id`, `seq`);
-- Create "bulk_job_problems" table
CREATE TABLE `bulk_job_problems` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `row` integer NOT NULL, `column` text NOT NULL DEFAULT (''), `severity` text NOT NULL, `code` text NOT NULL, `value` text NOT NULL DEFAULT (''), `message` text NOT NULL, `hint` text NOT NULL DEFAULT (''), `job_id` integer NOT NULL, CONSTRAINT `bulk_job_problems_bulk_jobs_problems` FOREIGN KEY (`job_id`) REFERENCES `bulk_jobs` (`id`) ON DELETE RESTRICT);
-- Create index "bulkjobproblem_job_id_row" to table: "bulk_job_problems"
CREATE INDEX `bulkjobproblem_job_id_row` ON `bulk_job_problems` (`job_id`, `row`);
-- Create index "bulkjobproblem_job_id_severity_row" to table: "bulk_job_problems"
CREATE INDEX `bulkjobproblem_job_id_severity_row` ON `bulk_job_problems` (`job_id`, `severity`, `row`);
-- Create "bulk_job_refused_rows" table
CREATE TABLE `bulk_job_refused_rows` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `row` integer NOT NULL, `cells` blob NOT NULL, `job_id` integer NOT NULL, CONSTRAINT `bulk_job_refused_rows_bulk_jobs_refused_rows` FOREIGN KEY (`job_id`) REFERENCES `bulk_jobs` (`id`) ON DELETE RESTRICT);
-- Create index "bulkjobrefusedrow_job_id_row" to table: "bulk_job_refused_rows"
CREATE UNIQUE INDEX `bulkjobrefusedrow_job_id_row` ON `bulk_job_refused_rows` (`job_id`, `row`);
-- Create "bulk_job_rows" table
CREATE TABLE `bulk_job_rows` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `row` integer NOT NULL, `target_id` integer NOT NULL DEFAULT (0), `target_version` integer NOT NULL DEFAULT (0), `label` text NOT NULL, `plan` blob NOT NULL, `change_count` integer NOT NULL, `before` blob NULL, `applied_version` integer NOT NULL DEFAULT (0), `state` integer NOT NULL DEFAULT (0), `job_id` integer NOT NULL, CONSTRAINT `bulk_job_rows_bulk_jobs_rows` FOREIGN KEY (`job_id`) REFERENCES `bulk_jobs` (`id`) ON DELETE RESTRICT);
-- Create index "bulkjobrow_job_id_row" to table: "bulk_job_rows"
CREATE UNIQUE INDEX `bulkjobrow_job_id_row` ON `bulk_job_rows` (`job_id`, `row`);
-- Create "educators" table
CREATE TABLE `educators` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `district_id` integer NOT NULL, `external_id` text NULL, `first_name` text NOT NULL, `last_name` text NOT NULL, `sort_name` text NOT NULL, `email` text NOT NULL DEFAULT (''), `email_key` text NULL, `username` text NOT NULL DEFAULT (''), `password_hash` text NULL, `disabled` integer NOT NULL DEFAULT (0), `service` integer NOT NULL DEFAULT (0));
-- Create index "educator_email_key" to table: "educators"
CREATE UNIQUE INDEX `educator_email_key` ON `educators` (`email_key`);
-- Create index "educator_district_id_external_id" to table: "educators"
CREATE UNIQUE INDEX `educator_district_id_external_id` ON `educators` (`district_id`, `external_id`);
-- Create index "educator_district_id_sort_name" to table: "educators"
CREATE INDEX `educator_district_id_sort_name` ON `educators` (`district_id`, `sort_name`);
-- Create "enrollments" table
CREATE TABLE `enrollments` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `group_id` integer NOT NULL, `student_id` integer NOT NULL, CONSTRAINT `enrollments_groups_enrollments` FOREIGN KEY (`group_id`) REFERENCES `groups` (`id`) ON DELETE RESTRICT, CONSTRAINT `enrollments_students_enrollments` FOREIGN KEY (`student_id`) REFERENCES `students` (`id`) ON DELETE RESTRICT);
-- Create index "enrollment_student_id_group_id" to table: "enrollments"
CREATE UNIQUE INDEX `enrollment_student_id_group_id` ON `enrollments` (`student_id`, `group_id`);
-- Create index "enrollment_group_id_student_id" to table: "enrollments"
CREATE INDEX `enrollment_group_id_student_id` ON `enrollments` (`group_id`, `student_id`);
-- Create "groups" table
CREATE TABLE `groups` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `district_id` integer NOT NULL, `name` text NOT NULL, `name_key` text NOT NULL, `external_id` text NULL, `synced` integer NOT NULL DEFAULT (0), `student_count` integer NOT NULL DEFAULT (0), `version` integer NOT NULL DEFAULT (1), `organization_id` integer NOT NULL, CONSTRAINT `groups_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE RESTRICT);
-- Create index "group_organization_id_external_id" to table: "groups"
CREATE UNIQUE INDEX `group_organization_id_external_id` ON `groups` (`organization_id`, `external_id`);
-- Create index "group_organization_id_name_key" to table: "groups"
CREATE INDEX `group_organization_id_name_key` ON `groups` (`organization_id`, `name_key`);
-- Create index "group_district_id_name_key" to table: "groups"
CREATE INDEX `group_district_id_name_key` ON `groups` (`district_id`, `name_key`);
-- Create "group_educators" table
CREATE TABLE `group_educators` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `educator_id` integer NOT NULL, `group_id` integer NOT NULL, CONSTRAINT `group_educators_educators_teaching` FOREIGN KEY (`educator_id`) REFERENCES `educators` (`id`) ON DELETE RESTRICT, CONSTRAINT `group_educators_groups_teaching` FOREIGN KEY (`group_id`) REFERENCES `groups` (`id`) ON DELETE RESTRICT);
-- Create index "groupeducator_educator_id_group_id" to table: "group_educators"
CREATE UNIQUE INDEX `groupeducator_educator_id_group_id` ON `group_educators` (`educator_id`, `group_id`);
-- Create index "groupeducator_group_id_educator_id" to table: "group_educators"
CREATE INDEX `groupeducator_group_id_educator_id` ON `group_educators` (`group_id`, `educator_id`);
-- Create "one_time_links" table
CREATE TABLE `one_time_links` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `purpose` text NOT NULL, `token_hash` text NOT NULL, `expires_at` datetime NOT NULL, `used_at` datetime NULL, `educator_id` integer NOT NULL, CONSTRAINT `one_time_links_educators_links` FOREIGN KEY (`educator_id`) REFERENCES `educators` (`id`) ON DELETE RESTRICT);
-- Create index "onetimelink_token_hash" to table: "one_time_links"
CREATE UNIQUE INDEX `onetimelink_token_hash` ON `one_time_links` (`token_hash`);
-- Create index "onetimelink_expires_at" to table: "one_time_links"
CREATE INDEX `onetimelink_expires_at` ON `one_time_links` (`expires_at`);
-- Create "organizations" table
CREATE TABLE `organizations` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `type` text NOT NULL, `district_id` integer NULL, `name` text NOT NULL, `name_key` text NOT NULL, `external_id` text NULL, `school_year_starts_on` integer NULL, `school_year_ends_on` integer NULL, `usage_goal_minutes` integer NULL, `time_zone` text NULL, `password_min_length` integer NULL, `hold_deleted_percent` integer NULL, `hold_changed_percent` integer NULL, `usage_counted_from` integer NOT NULL DEFAULT (0), `parent_id` integer NULL, CONSTRAINT `organizations_organizations_children` FOREIGN KEY (`parent_id`) REFERENCES `organizations` (`id`) ON DELETE RESTRICT);
-- Create index "organization_district_id_external_id" to table: "organizations"
CREATE UNIQUE INDEX `organization_district_id_external_id` ON `organizations` (`district_id`, `external_id`);
-- Create index "organization_district_id_name_key" to table: "organizations"
CREATE INDEX `organization_district_id_name_key` ON `organizations` (`district_id`, `name_key`);
-- Create "products" table
CREATE TABLE `products` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `code` text NOT NULL);
-- Create index "products_code_key" to table: "products"
CREATE UNIQUE INDEX `products_code_key` ON `products` (`code`);
-- Create "role_assignments" table
CREATE TABLE `role_assignments` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `district_id` integer NOT NULL, `role` text NOT NULL, `educator_id` integer NOT NULL, `organization_id` integer NOT NULL, CONSTRAINT `role_assignments_educators_roles` FOREIGN KEY (`educator_id`) REFERENCES `educators` (`id`) ON DELETE RESTRICT, CONSTRAINT `role_assignments_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE RESTRICT);
-- Create index "roleassignment_educator_id_organization_id_role" to table: "role_assignments"
CREATE UNIQUE INDEX `roleassignment_educator_id_organization_id_role` ON `role_assignments` (`educator_id`, `organization_id`, `role`);
-- Create index "roleassignment_organization_id" to table: "role_assignments"
CREATE INDEX `roleassignment_organization_id` ON `role_assignments` (`organization_id`);
-- Create "service_keys" table
CREATE TABLE `service_keys` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `district_id` integer NOT NULL, `name` text NOT NULL, `scopes` json NOT NULL, `key_hash` text NOT NULL, `beginning` text NOT NULL, `expires_at` datetime NOT NULL, `last_used_at` datetime NULL, `revoked_at` datetime NULL, `organization_id` integer NOT NULL, `agent_id` integer NULL, `created_by` integer NULL, CONSTRAINT `service_keys_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE RESTRICT, CONSTRAINT `service_keys_educators_agent` FOREIGN KEY (`agent_id`) REFERENCES `educators` (`id`) ON DELETE RESTRICT, CONSTRAINT `service_keys_educators_creator` FOREIGN KEY (`created_by`) REFERENCES `educators` (`id`) ON DELETE RESTRICT);
-- Create index "servicekey_key_hash" to table: "service_keys"
CREATE UNIQUE INDEX `servicekey_key_hash` ON `service_keys` (`key_hash`);
-- Create index "servicekey_organization_id" to table: "service_keys"
CREATE INDEX `servicekey_organization_id` ON `service_keys` (`organization_id`);
-- Create "sessions" table
CREATE TABLE `sessions` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `token_hash` text NOT NULL, `expires_at` datetime NOT NULL, `last_used_at` datetime NOT NULL, `address` text NOT NULL DEFAULT (''), `user_agent` text NOT NULL DEFAULT (''), `educator_id` integer NOT NULL, CONSTRAINT `sessions_educators_sessions` FOREIGN KEY (`educator_id`) REFERENCES `educators` (`id`) ON DELETE RESTRICT);
-- Create index "session_token_hash" to table: "sessions"
CREATE UNIQUE INDEX `session_token_hash` ON `sessions` (`token_hash`);
-- Create index "session_expires_at" to table: "sessions"
CREATE INDEX `session_expires_at` ON `sessions` (`expires_at`);
-- Create "sign_in_marks" table
CREATE TABLE `sign_in_marks` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `mark` text NOT NULL, `until_ms` integer NOT NULL);
-- Create index "signinmark_mark" to table: "sign_in_marks"
CREATE UNIQUE INDEX `signinmark_mark` ON `sign_in_marks` (`mark`);
-- Create index "signinmark_until_ms" to table: "sign_in_marks"
CREATE INDEX `signinmark_until_ms` ON `sign_in_marks` (`until_ms`);
-- Create "students" table
CREATE TABLE `students` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `district_id` integer NOT NULL, `external_id` text NOT NULL, `username` text NOT NULL, `username_key` text NOT NULL, `first_name` text NOT NULL, `last_name` text NOT NULL, `sort_name` text NOT NULL, `grade` integer NOT NULL, `password_hash` text NULL, `synced` integer NOT NULL DEFAULT (0), `group_count` integer NOT NULL DEFAULT (0), `ungrouped` integer NOT NULL DEFAULT (1), `seconds_this_year` integer NOT NULL DEFAULT (0), `active` integer NOT NULL DEFAULT (0), `last_active_at` datetime NULL, `deleted_at` datetime NULL, `version` integer NOT NULL DEFAULT (1), `organization_id` integer NOT NULL, CONSTRAINT `students_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE RESTRICT);
-- Create index "student_district_id_external_id" to table: "students"
CREATE UNIQUE INDEX `student_district_id_external_id` ON `students` (`district_id`, `external_id`);
-- Create index "student_district_id_username_key" to table: "students"
CREATE UNIQUE INDEX `student_district_id_username_key` ON `students` (`district_id`, `username_key`);
-- Create index "student_district_id_deleted_at_sort_name" to table: "students"
CREATE INDEX `student_district_id_deleted_at_sort_name` ON `students` (`district_id`, `deleted_at`, `sort_name`);
-- Create index "student_district_id_ungrouped_deleted_at_sort_name" to table: "students"
CREATE INDEX `student_district_id_ungrouped_deleted_at_sort_name` ON `students` (`district_id`, `ungrouped`, `deleted_at`, `sort_name`);
-- Create index "student_district_id_ungrouped_active_deleted_at_sort_name" to table: "students"
CREATE INDEX `student_district_id_ungrouped_active_deleted_at_sort_name` ON `students` (`district_id`, `ungrouped`, `active`, `deleted_at`, `sort_name`);
-- Create index "student_organization_id_deleted_at_sort_name" to table: "students"
CREATE INDEX `student_organization_id_deleted_at_sort_name` ON `students` (`organization_id`, `deleted_at`, `sort_name`);
-- Create index "student_organization_id_ungrouped_active_deleted_at" to table: "students"
CREATE INDEX `student_organization_id_ungrouped_active_deleted_at` ON `students` (`organization_id`, `ungrouped`, `active`, `deleted_at`);
-- Create "student_words" table
CREATE TABLE `student_words` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `district_id` integer NOT NULL, `word` text NOT NULL, `student_id` integer NOT NULL, CONSTRAINT `student_words_students_search_words` FOREIGN KEY (`student_id`) REFERENCES `students` (`id`) ON DELETE RESTRICT);
-- Create index "studentword_district_id_word_student_id" to table: "student_words"
CREATE UNIQUE INDEX `studentword_district_id_word_student_id` ON `student_words` (`district_id`, `word`, `student_id`);
-- Create index "studentword_student_id" to table: "student_words"
CREATE INDEX `studentword_student_id` ON `student_words` (`student_id`);
-- Create "usage_days" table
CREATE TABLE `usage_days` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `day` integer NOT NULL, `seconds` integer NOT NULL, `student_id` integer NOT NULL, `product_id` integer NOT NULL, CONSTRAINT `usage_days_students_usage` FOREIGN KEY (`student_id`) REFERENCES `students` (`id`) ON DELETE RESTRICT, CONSTRAINT `usage_days_products_product` FOREIGN KEY (`product_id`) REFERENCES `products` (`id`) ON DELETE RESTRICT);
-- Create index "usageday_student_id_day_product_id" to table: "usage_days"
CREATE UNIQUE INDEX `usageday_student_id_day_product_id` ON `usage_days` (`student_id`, `day`, `product_id`);
-- Create "usage_events" table
CREATE TABLE `usage_events` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `district_id` integer NOT NULL, `event_id` text NOT NULL);
-- Create index "usageevent_district_id_event_id" to table: "usage_events"
CREATE UNIQUE INDEX `usageevent_district_id_event_id` ON `usage_events` (`district_id`, `event_id`);
