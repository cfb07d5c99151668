-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_bulk_job_problems" table
CREATE TABLE `new_bulk_job_problems` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `row` integer NOT NULL, `column` text NOT NULL DEFAULT (''), `severity` text NOT NULL, `code` text NOT NULL, `sealed` blob NULL, `value` text NOT NULL DEFAULT (''), `message` text NOT NULL, `hint` text NOT NULL DEFAULT (''), `cause` text NOT NULL DEFAULT (''), `outside` integer NOT NULL DEFAULT (0), `candidates` json NULL, `job_id` integer NOT NULL, CONSTRAINT `bulk_job_problems_bulk_jobs_problems` FOREIGN KEY (`job_id`) REFERENCES `bulk_jobs` (`id`) ON DELETE RESTRICT);
-- Copy rows from old table "bulk_job_problems" to new temporary table "new_bulk_job_problems"
INSERT INTO `new_bulk_job_problems` (`id`, `created_at`, `row`, `column`, `severity`, `code`, `sealed`, `value`, `message`, `hint`, `outside`, `candidates`, `job_id`) SELECT `id`, `created_at`, `row`, `column`, `severity`, `code`, `sealed`, `value`, `message`, `hint`, `outside`, `candidates`, `job_id` FROM `bulk_job_problems`;
-- Drop "bulk_job_problems" table after copying rows
DROP TABLE `bulk_job_problems`;
-- Rename temporary table "new_bulk_job_problems" to "bulk_job_problems"
ALTER TABLE `new_bulk_job_problems` RENAME TO `bulk_job_problems`;
-- Create index "bulkjobproblem_job_id_row" to table: "bulk_job_problems"
CREATE INDEX `bulkjobproblem_job_id_row` ON `bulk_job_problems` (`job_id`, `row`);
-- Create index "bulkjobproblem_job_id_severity_row" to table: "bulk_job_problems"
CREATE INDEX `bulkjobproblem_job_id_severity_row` ON `bulk_job_problems` (`job_id`, `severity`, `row`);
-- Create index "bulkjobproblem_job_id_severity_code_column_cause_row_outside" to table: "bulk_job_problems"
CREATE INDEX `bulkjobproblem_job_id_severity_code_column_cause_row_outside` ON `bulk_job_problems` (`job_id`, `severity`, `code`, `column`, `cause`, `row`, `outside`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
