-- Modify "one_time_links" table
ALTER TABLE `one_time_links` ADD COLUMN `provider` varchar(64) NOT NULL DEFAULT '';
-- Modify "sessions" table
ALTER TABLE `sessions` ADD COLUMN `provider` varchar(64) NOT NULL DEFAULT '';
