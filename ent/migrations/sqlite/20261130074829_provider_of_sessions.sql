-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_one_time_links" table
CREATE TABLE `new_one_time_links` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `purpose` text NOT NULL, `token_hash` text NOT NULL, `expires_at` datetime NOT NULL, `second_factor` integer NOT NULL DEFAULT (0), `provider` text NOT NULL DEFAULT (''), `used_at` datetime NULL, `educator_id` integer NOT NULL, CONSTRAINT `one_time_links_educators_links` FOREIGN KEY (`educator_id`) REFERENCES `educators` (`id`) ON DELETE RESTRICT);
-- Copy rows from old table "one_time_links" to new temporary table "new_one_time_links"
INSERT INTO `new_one_time_links` (`id`, `created_at`, `purpose`, `token_hash`, `expires_at`, `second_factor`, `used_at`, `educator_id`) SELECT `id`, `created_at`, `purpose`, `token_hash`, `expires_at`, `second_factor`, `used_at`, `educator_id` FROM `one_time_links`;
-- Drop "one_time_links" table after copying rows
DROP TABLE `one_time_links`;
-- Rename temporary table "new_one_time_links" to "one_time_links"
ALTER TABLE `new_one_time_links` RENAME TO `one_time_links`;
-- Create index "onetimelink_token_hash" to table: "one_time_links"
CREATE UNIQUE INDEX `onetimelink_token_hash` ON `one_time_links` (`token_hash`);
-- Create index "onetimelink_expires_at" to table: "one_time_links"
CREATE INDEX `onetimelink_expires_at` ON `one_time_links` (`expires_at`);
-- Create "new_sessions" table
CREATE TABLE `new_sessions` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `token_hash` text NOT NULL, `expires_at` datetime NOT NULL, `last_used_at` datetime NOT NULL, `second_factor` integer NOT NULL DEFAULT (0), `provider` text NOT NULL DEFAULT (''), `proved_at` datetime NULL, `address` text NOT NULL DEFAULT (''), `user_agent` text NOT NULL DEFAULT (''), `educator_id` integer NOT NULL, CONSTRAINT `sessions_educators_sessions` FOREIGN KEY (`educator_id`) REFERENCES `educators` (`id`) ON DELETE RESTRICT);
-- Copy rows from old table "sessions" to new temporary table "new_sessions"
INSERT INTO `new_sessions` (`id`, `created_at`, `token_hash`, `expires_at`, `last_used_at`, `second_factor`, `proved_at`, `address`, `user_agent`, `educator_id`) SELECT `id`, `created_at`, `token_hash`, `expires_at`, `last_used_at`, `second_factor`, `proved_at`, `address`, `user_agent`, `educator_id` FROM `sessions`;
-- Drop "sessions" table after copying rows
DROP TABLE `sessions`;
-- Rename temporary table "new_sessions" to "sessions"
ALTER TABLE `new_sessions` RENAME TO `sessions`;
-- Create index "session_token_hash" to table: "sessions"
CREATE UNIQUE INDEX `session_token_hash` ON `sessions` (`token_hash`);
-- Create index "session_expires_at" to table: "sessions"
CREATE INDEX `session_expires_at` ON `sessions` (`expires_at`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
