-- Modify "bulk_job_problems" table
ALTER TABLE `bulk_job_problems` ADD COLUMN `candidates` json NULL;
