-- Add column "second_only" to table: "passkeys"
ALTER TABLE `passkeys` ADD COLUMN `second_only` integer NOT NULL DEFAULT 0;
