-- Add column "schools" to table: "bulk_jobs"
ALTER TABLE `bulk_jobs` ADD COLUMN `schools` text NULL;
