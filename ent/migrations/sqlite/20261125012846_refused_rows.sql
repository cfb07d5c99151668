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
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
