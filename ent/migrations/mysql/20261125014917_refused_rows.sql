-- Modify "bulk_jobs" table
ALTER TABLE `bulk_jobs` ADD COLUMN `passwords` bigint NOT NULL DEFAULT 0, ADD COLUMN `hashed_passwords` bigint NOT NULL DEFAULT 0;
-- Modify "bulk_job_refused_rows" table
ALTER TABLE `bulk_job_refused_rows` ADD COLUMN `n` bigint NOT NULL DEFAULT 0, ADD COLUMN `password` blob NULL, ADD COLUMN `extra` bigint NOT NULL DEFAULT 0, ADD COLUMN `had_password` tinyint NOT NULL DEFAULT 0, ADD COLUMN `refused` tinyint NOT NULL DEFAULT 1;
-- Create "bulk_job_marks" table
CREATE TABLE `bulk_job_marks` (`id` bigint NOT NULL AUTO_INCREMENT, `created_at` datetime(6) NOT NULL, `rows` bigint NOT NULL DEFAULT 0, `job_id` bigint NOT NULL, PRIMARY KEY (`id`), UNIQUE INDEX `job_id` (`job_id`), CONSTRAINT `bulk_job_marks_bulk_jobs_mark` FOREIGN KEY (`job_id`) REFERENCES `bulk_jobs` (`id`) ON UPDATE RESTRICT ON DELETE RESTRICT) CHARSET utf8mb4 COLLATE utf8mb4_bin;
