-- Modify "bulk_job_problems" table
ALTER TABLE `bulk_job_problems` ADD COLUMN `sealed` blob NULL;
