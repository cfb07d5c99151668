-- Add column "second_factor" to table: "one_time_links"
ALTER TABLE `one_time_links` ADD COLUMN `second_factor` integer NOT NULL DEFAULT 0;
-- Add column "second_factor_required" to table: "organizations"
ALTER TABLE `organizations` ADD COLUMN `second_factor_required` text NULL;
-- Add column "second_factor" to table: "sessions"
ALTER TABLE `sessions` ADD COLUMN `second_factor` integer NOT NULL DEFAULT 0;
-- Add column "proved_at" to table: "sessions"
ALTER TABLE `sessions` ADD COLUMN `proved_at` datetime NULL;
