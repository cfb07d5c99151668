-- Add column "sealed" to table: "bulk_job_problems"
ALTER TABLE `bulk_job_problems` ADD COLUMN `sealed` blob NULL;
