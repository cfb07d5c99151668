-- Modify "bulk_jobs" table
ALTER TABLE `bulk_jobs` ADD COLUMN `schools` longtext NULL;
