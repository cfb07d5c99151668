-- Add column "slow" to table: "bulk_jobs"
ALTER TABLE `bulk_jobs` ADD COLUMN `slow` integer NOT NULL DEFAULT (0);
