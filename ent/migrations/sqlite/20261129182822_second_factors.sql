-- Create "factor_challenges" table
CREATE TABLE `factor_challenges` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `purpose` text NOT NULL, `session_id` integer NULL, `token_hash` text NOT NULL, `state` blob NOT NULL, `expires_at` datetime NOT NULL, `educator_id` integer NULL, CONSTRAINT `factor_challenges_educators_educator` FOREIGN KEY (`educator_id`) REFERENCES `educators` (`id`) ON DELETE RESTRICT);
-- Create index "factorchallenge_token_hash" to table: "factor_challenges"
CREATE UNIQUE INDEX `factorchallenge_token_hash` ON `factor_challenges` (`token_hash`);
-- Create index "factorchallenge_expires_at" to table: "factor_challenges"
CREATE INDEX `factorchallenge_expires_at` ON `factor_challenges` (`expires_at`);
-- Create index "factorchallenge_educator_id" to table: "factor_challenges"
CREATE INDEX `factorchallenge_educator_id` ON `factor_challenges` (`educator_id`);
-- Create "passkeys" table
CREATE TABLE `passkeys` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `name` text NOT NULL, `credential_hash` text NOT NULL, `credential_id` blob NOT NULL, `public_key` blob NOT NULL, `aaguid` text NOT NULL, `transports` text NOT NULL DEFAULT (''), `backup_eligible` integer NOT NULL DEFAULT (0), `backed_up` integer NOT NULL DEFAULT (0), `sign_count` integer NOT NULL, `last_used_at` datetime NULL, `educator_id` integer NOT NULL, CONSTRAINT `passkeys_educators_educator` FOREIGN KEY (`educator_id`) REFERENCES `educators` (`id`) ON DELETE RESTRICT);
-- Create index "passkey_credential_hash" to table: "passkeys"
CREATE UNIQUE INDEX `passkey_credential_hash` ON `passkeys` (`credential_hash`);
-- Create index "passkey_educator_id" to table: "passkeys"
CREATE INDEX `passkey_educator_id` ON `passkeys` (`educator_id`);
-- Create "recovery_codes" table
CREATE TABLE `recovery_codes` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `code_hash` text NOT NULL, `educator_id` integer NOT NULL, CONSTRAINT `recovery_codes_educators_educator` FOREIGN KEY (`educator_id`) REFERENCES `educators` (`id`) ON DELETE RESTRICT);
-- Create index "recoverycode_code_hash" to table: "recovery_codes"
CREATE UNIQUE INDEX `recoverycode_code_hash` ON `recovery_codes` (`code_hash`);
-- Create index "recoverycode_educator_id" to table: "recovery_codes"
CREATE INDEX `recoverycode_educator_id` ON `recovery_codes` (`educator_id`);
-- Create "totp_secrets" table
CREATE TABLE `totp_secrets` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `secret` blob NOT NULL, `last_step` integer NOT NULL, `last_used_at` datetime NULL, `educator_id` integer NOT NULL, CONSTRAINT `totp_secrets_educators_educator` FOREIGN KEY (`educator_id`) REFERENCES `educators` (`id`) ON DELETE RESTRICT);
-- Create index "totpsecret_educator_id" to table: "totp_secrets"
CREATE UNIQUE INDEX `totpsecret_educator_id` ON `totp_secrets` (`educator_id`);
