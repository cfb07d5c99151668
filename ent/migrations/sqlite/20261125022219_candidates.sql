-- Add column "candidates" to table: "bulk_job_problems"
ALTER TABLE `bulk_job_problems` ADD COLUMN `candidates` json NULL;
