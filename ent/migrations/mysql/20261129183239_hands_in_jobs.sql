-- Modify "bulk_jobs" table
ALTER TABLE `bulk_jobs` ADD COLUMN `started_by` bigint NULL;
-- Modify "bulk_job_problems" table
ALTER TABLE `bulk_job_problems` ADD COLUMN `outside` tinyint NOT NULL DEFAULT 0;
-- Modify "bulk_job_refused_rows" table
ALTER TABLE `bulk_job_refused_rows` ADD COLUMN `outside` tinyint NOT NULL DEFAULT 0;
-- Modify "bulk_job_rows" table
ALTER TABLE `bulk_job_rows` ADD COLUMN `outside` tinyint NOT NULL DEFAULT 0;
