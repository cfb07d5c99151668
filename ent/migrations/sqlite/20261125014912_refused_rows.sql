-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_bulk_job_refused_rows" table
CREATE TABLE `new_bulk_job_refused_rows` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `row` integer NOT NULL, `n` integer NOT NULL DEFAULT (0), `cells` blob NOT NULL, `password` blob NULL, `extra` integer NOT NULL DEFAULT (0), `had_password` integer NOT NULL DEFAULT (0), `refused` integer NOT NULL DEFAULT (1), `job_id` integer NOT NULL, CONSTRAINT `bulk_job_refused_rows_bulk_jobs_refused_rows` FOREIGN KEY (`job_id`) REFERENCES `bulk_jobs` (`id`) ON DELETE RESTRICT);
-- Copy rows from old table "bulk_job_refused_rows" to new temporary table "new_bulk_job_refused_rows"
INSERT INTO `new_bulk_job_refused_rows` (`id`, `created_at`, `row`, `cells`, `job_id`) SELECT `id`, `created_at`, `row`, `cells`, `job_id` FROM `bulk_job_refused_rows`;
-- Drop "bulk_job_refused_rows" table after copying rows
DROP TABLE `bulk_job_refused_rows`;
-- Rename temporary table "new_bulk_job_refused_rows" to "bulk_job_refused_rows"
ALTER TABLE `new_bulk_job_refused_rows` RENAME TO `bulk_job_refused_rows`;
-- Create index "bulkjobrefusedrow_job_id_row" to table: "bulk_job_refused_rows"
CREATE UNIQUE INDEX `bulkjobrefusedrow_job_id_row` ON `bulk_job_refused_rows` (`job_id`, `row`);
-- Create "new_bulk_jobs" table
CREATE TABLE `new_bulk_jobs` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `district_id` integer NOT NULL, `kind` text NOT NULL, `status` text NOT NULL DEFAULT ('VERIFYING'), `groups_mode` text NOT NULL DEFAULT ('ADD'), `commit_mode` text NOT NULL DEFAULT ('VALID_ROWS'), `file_name` text NOT NULL DEFAULT (''), `idempotency_key` text NULL, `edit` json NULL, `encoding` text NOT NULL DEFAULT (''), `delimiter` text NOT NULL DEFAULT (''), `line_ending` text NOT NULL DEFAULT (''), `headers` json NULL, `ignored_headers` json NULL, `total_rows` integer NOT NULL DEFAULT (0), `verified_rows` integer NOT NULL DEFAULT (0), `processed_rows` integer NOT NULL DEFAULT (0), `created` integer NOT NULL DEFAULT (0), `updated` integer NOT NULL DEFAULT (0), `unchanged` integer NOT NULL DEFAULT (0), `deleted` integer NOT NULL DEFAULT (0), `enrollments_added` integer NOT NULL DEFAULT (0), `enrollments_removed` integer NOT NULL DEFAULT (0), `warnings` integer NOT NULL DEFAULT (0), `errors` integer NOT NULL DEFAULT (0), `passwords` integer NOT NULL DEFAULT (0), `hashed_passwords` integer NOT NULL DEFAULT (0), `held_by_rule` integer NOT NULL DEFAULT (0), `approved_by` integer NULL, `undone_rows` integer NOT NULL DEFAULT (0), `kept_rows` integer NOT NULL DEFAULT (0), `forgotten` integer NOT NULL DEFAULT (0), `undone_by` integer NULL, `key_print` text NOT NULL DEFAULT (''), `lease_owner` text NOT NULL DEFAULT (''), `lease_until` datetime NULL, `fence` integer NOT NULL DEFAULT (0), `started_at` datetime NULL, `finished_at` datetime NULL, `organization_id` integer NOT NULL, `submitted_by` integer NOT NULL, CONSTRAINT `bulk_jobs_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE RESTRICT, CONSTRAINT `bulk_jobs_educators_submitter` FOREIGN KEY (`submitted_by`) REFERENCES `educators` (`id`) ON DELETE RESTRICT);
-- Copy rows from old table "bulk_jobs" to new temporary table "new_bulk_jobs"
INSERT INTO `new_bulk_jobs` (`id`, `created_at`, `district_id`, `kind`, `status`, `groups_mode`, `commit_mode`, `file_name`, `idempotency_key`, `edit`, `encoding`, `delimiter`, `line_ending`, `headers`, `ignored_headers`, `total_rows`, `verified_rows`, `processed_rows`, `created`, `updated`, `unchanged`, `deleted`, `enrollments_added`, `enrollments_removed`, `warnings`, `errors`, `held_by_rule`, `approved_by`, `undone_rows`, `kept_rows`, `forgotten`, `undone_by`, `key_print`, `lease_owner`, `lease_until`, `fence`, `started_at`, `finished_at`, `organization_id`, `submitted_by`) SELECT `id`, `created_at`, `district_id`, `kind`, `status`, `groups_mode`, `commit_mode`, `file_name`, `idempotency_key`, `edit`, `encoding`, `delimiter`, `line_ending`, `headers`, `ignored_headers`, `total_rows`, `verified_rows`, `processed_rows`, `created`, `updated`, `unchanged`, `deleted`, `enrollments_added`, `enrollments_removed`, `warnings`, `errors`, `held_by_rule`, `approved_by`, `undone_rows`, `kept_rows`, `forgotten`, `undone_by`, `key_print`, `lease_owner`, `lease_until`, `fence`, `started_at`, `finished_at`, `organization_id`, `submitted_by` FROM `bulk_jobs`;
-- Drop "bulk_jobs" table after copying rows
DROP TABLE `bulk_jobs`;
-- Rename temporary table "new_bulk_jobs" to "bulk_jobs"
ALTER TABLE `new_bulk_jobs` RENAME TO `bulk_jobs`;
-- Create index "bulkjob_submitted_by_idempotency_key" to table: "bulk_jobs"
CREATE UNIQUE INDEX `bulkjob_submitted_by_idempotency_key` ON `bulk_jobs` (`submitted_by`, `idempotency_key`);
-- Create index "bulkjob_district_id" to table: "bulk_jobs"
CREATE INDEX `bulkjob_district_id` ON `bulk_jobs` (`district_id`);
-- Create index "bulkjob_organization_id" to table: "bulk_jobs"
CREATE INDEX `bulkjob_organization_id` ON `bulk_jobs` (`organization_id`);
-- Create index "bulkjob_status" to table: "bulk_jobs"
CREATE INDEX `bulkjob_status` ON `bulk_jobs` (`status`);
-- Create "bulk_job_marks" table
CREATE TABLE `bulk_job_marks` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `rows` integer NOT NULL DEFAULT (0), `job_id` integer NOT NULL, CONSTRAINT `bulk_job_marks_bulk_jobs_mark` FOREIGN KEY (`job_id`) REFERENCES `bulk_jobs` (`id`) ON DELETE RESTRICT);
-- Create index "bulk_job_marks_job_id_key" to table: "bulk_job_marks"
CREATE UNIQUE INDEX `bulk_job_marks_job_id_key` ON `bulk_job_marks` (`job_id`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
