-- Modify "one_time_links" table
ALTER TABLE `one_time_links` ADD COLUMN `second_factor` tinyint NOT NULL DEFAULT 0;
-- Modify "organizations" table
ALTER TABLE `organizations` ADD COLUMN `second_factor_required` varchar(16) NULL;
-- Modify "sessions" table
ALTER TABLE `sessions` ADD COLUMN `second_factor` tinyint NOT NULL DEFAULT 0, ADD COLUMN `proved_at` datetime(6) NULL;
