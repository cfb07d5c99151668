-- Modify "passkeys" table
ALTER TABLE `passkeys` ADD COLUMN `second_only` tinyint NOT NULL DEFAULT 0;
