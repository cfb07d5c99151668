-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_bulk_job_problems" table
CREATE TABLE `new_bulk_job_problems` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `row` integer NOT NULL, `column` text NOT NULL DEFAULT (''), `severity` text NOT NULL, `code` text NOT NULL, `sealed` blob NULL, `value` text NOT NULL DEFAULT (''), `message` text NOT NULL, `hint` text NOT NULL DEFAULT (''), `outside` integer NOT NULL DEFAULT (0), `candidates` json NULL, `job_id` integer NOT NULL, CONSTRAINT `bulk_job_problems_bulk_jobs_problems` FOREIGN KEY (`job_id`) REFERENCES `bulk_jobs` (`id`) ON DELETE RESTRICT);
-- Copy rows from old table "bulk_job_problems" to new temporary table "new_bulk_job_problems"
INSERT INTO `new_bulk_job_problems` (`id`, `created_at`, `row`, `column`, `severity`, `code`, `sealed`, `value`, `message`, `hint`, `candidates`, `job_id`) SELECT `id`, `created_at`, `row`, `column`, `severity`, `code`, `sealed`, `value`, `message`, `hint`, `candidates`, `job_id` FROM `bulk_job_problems`;
-- Drop "bulk_job_problems" table after copying rows
DROP TABLE `bulk_job_problems`;
-- Rename temporary table "new_bulk_job_problems" to "bulk_job_problems"
ALTER TABLE `new_bulk_job_problems` RENAME TO `bulk_job_problems`;
-- Create index "bulkjobproblem_job_id_row" to table: "bulk_job_problems"
CREATE INDEX `bulkjobproblem_job_id_row` ON `bulk_job_problems` (`job_id`, `row`);
-- Create index "bulkjobproblem_job_id_severity_row" to table: "bulk_job_problems"
CREATE INDEX `bulkjobproblem_job_id_severity_row` ON `bulk_job_problems` (`job_id`, `severity`, `row`);
-- Create "new_bulk_job_rows" table
CREATE TABLE `new_bulk_job_rows` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `row` integer NOT NULL, `target_id` integer NOT NULL DEFAULT (0), `target_version` integer NOT NULL DEFAULT (0), `label` text NOT NULL, `plan` blob NOT NULL, `change_count` integer NOT NULL, `before` blob NULL, `applied_version` integer NOT NULL DEFAULT (0), `outside` integer NOT NULL DEFAULT (0), `state` integer NOT NULL DEFAULT (0), `job_id` integer NOT NULL, CONSTRAINT `bulk_job_rows_bulk_jobs_rows` FOREIGN KEY (`job_id`) REFERENCES `bulk_jobs` (`id`) ON DELETE RESTRICT);
-- Copy rows from old table "bulk_job_rows" to new temporary table "new_bulk_job_rows"
INSERT INTO `new_bulk_job_rows` (`id`, `created_at`, `row`, `target_id`, `target_version`, `label`, `plan`, `change_count`, `before`, `applied_version`, `state`, `job_id`) SELECT `id`, `created_at`, `row`, `target_id`, `target_version`, `label`, `plan`, `change_count`, `before`, `applied_version`, `state`, `job_id` FROM `bulk_job_rows`;
-- Drop "bulk_job_rows" table after copying rows
DROP TABLE `bulk_job_rows`;
-- Rename temporary table "new_bulk_job_rows" to "bulk_job_rows"
ALTER TABLE `new_bulk_job_rows` RENAME TO `bulk_job_rows`;
-- Create index "bulkjobrow_job_id_row" to table: "bulk_job_rows"
CREATE UNIQUE INDEX `bulkjobrow_job_id_row` ON `bulk_job_rows` (`job_id`, `row`);
-- Create index "bulkjobrow_target_id" to table: "bulk_job_rows"
CREATE INDEX `bulkjobrow_target_id` ON `bulk_job_rows` (`target_id`);
-- Create "new_bulk_job_refused_rows" table
CREATE TABLE `new_bulk_job_refused_rows` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `row` integer NOT NULL, `n` integer NOT NULL DEFAULT (0), `cells` blob NOT NULL, `password` blob NULL, `extra` integer NOT NULL DEFAULT (0), `had_password` integer NOT NULL DEFAULT (0), `outside` integer NOT NULL DEFAULT (0), `refused` integer NOT NULL DEFAULT (1), `job_id` integer NOT NULL, CONSTRAINT `bulk_job_refused_rows_bulk_jobs_refused_rows` FOREIGN KEY (`job_id`) REFERENCES `bulk_jobs` (`id`) ON DELETE RESTRICT);
-- Copy rows from old table "bulk_job_refused_rows" to new temporary table "new_bulk_job_refused_rows"
INSERT INTO `new_bulk_job_refused_rows` (`id`, `created_at`, `row`, `n`, `cells`, `password`, `extra`, `had_password`, `refused`, `job_id`) SELECT `id`, `created_at`, `row`, `n`, `cells`, `password`, `extra`, `had_password`, `refused`, `job_id` FROM `bulk_job_refused_rows`;
-- Drop "bulk_job_refused_rows" table after copying rows
DROP TABLE `bulk_job_refused_rows`;
-- Rename temporary table "new_bulk_job_refused_rows" to "bulk_job_refused_rows"
ALTER TABLE `new_bulk_job_refused_rows` RENAME TO `bulk_job_refused_rows`;
-- Create index "bulkjobrefusedrow_job_id_row" to table: "bulk_job_refused_rows"
CREATE UNIQUE INDEX `bulkjobrefusedrow_job_id_row` ON `bulk_job_refused_rows` (`job_id`, `row`);
-- Add column "started_by" to table: "bulk_jobs"
ALTER TABLE `bulk_jobs` ADD COLUMN `started_by` integer NULL;
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
