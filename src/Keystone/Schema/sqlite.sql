CREATE TABLE "access_rules" (
    "id" TEXT NOT NULL CONSTRAINT "PK_access_rules" PRIMARY KEY,
    "user_id" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "method" TEXT NOT NULL
);


CREATE TABLE "application_credentials" (
    "id" TEXT NOT NULL CONSTRAINT "PK_application_credentials" PRIMARY KEY,
    "user_id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "secret_hash" TEXT NOT NULL,
    "description" TEXT NULL,
    "expires_at" TEXT NULL,
    "unrestricted" INTEGER NULL
);


CREATE TABLE "changes" (
    "revision" INTEGER NOT NULL CONSTRAINT "PK_changes" PRIMARY KEY AUTOINCREMENT,
    "at" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "resource_type" TEXT NOT NULL,
    "resource_id" TEXT NOT NULL,
    "project_id" TEXT NULL,
    "user_id" TEXT NULL,
    "request_id" TEXT NOT NULL,
    "remote_address" TEXT NULL
);


CREATE TABLE "credentials" (
    "id" TEXT NOT NULL CONSTRAINT "PK_credentials" PRIMARY KEY,
    "user_id" TEXT NOT NULL,
    "project_id" TEXT NULL,
    "type" TEXT NOT NULL,
    "encrypted_blob" TEXT NOT NULL,
    "key_hash" TEXT NOT NULL,
    "extra" TEXT NOT NULL
);


CREATE TABLE "endpoint_groups" (
    "id" TEXT NOT NULL CONSTRAINT "PK_endpoint_groups" PRIMARY KEY,
    "name" TEXT NOT NULL,
    "description" TEXT NULL,
    "filters" TEXT NOT NULL
);


CREATE TABLE "federation_used" (
    "id" TEXT NOT NULL CONSTRAINT "PK_federation_used" PRIMARY KEY,
    "expires_at" TEXT NOT NULL
);


CREATE TABLE "groups" (
    "id" TEXT NOT NULL CONSTRAINT "PK_groups" PRIMARY KEY,
    "domain_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "extra" TEXT NOT NULL,
    "source" TEXT NULL
);


CREATE TABLE "identity_providers" (
    "id" TEXT NOT NULL CONSTRAINT "PK_identity_providers" PRIMARY KEY,
    "domain_id" TEXT NOT NULL,
    "enabled" INTEGER NOT NULL,
    "description" TEXT NULL,
    "authorization_ttl" INTEGER NULL
);


CREATE TABLE "identity_version" (
    "id" INTEGER NOT NULL CONSTRAINT "PK_identity_version" PRIMARY KEY,
    "number" INTEGER NOT NULL
);


CREATE TABLE "mappings" (
    "id" TEXT NOT NULL CONSTRAINT "PK_mappings" PRIMARY KEY,
    "rules" TEXT NOT NULL,
    "schema_version" TEXT NOT NULL
);


CREATE TABLE "oauth1_consumers" (
    "id" TEXT NOT NULL CONSTRAINT "PK_oauth1_consumers" PRIMARY KEY,
    "secret" TEXT NOT NULL,
    "description" TEXT NULL,
    "extra" TEXT NOT NULL
);


CREATE TABLE "policies" (
    "id" TEXT NOT NULL CONSTRAINT "PK_policies" PRIMARY KEY,
    "type" TEXT NOT NULL,
    "blob" TEXT NOT NULL,
    "extra" TEXT NOT NULL
);


CREATE TABLE "projects" (
    "id" TEXT NOT NULL CONSTRAINT "PK_projects" PRIMARY KEY,
    "domain_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "enabled" INTEGER NOT NULL,
    "is_domain" INTEGER NOT NULL,
    "parent_id" TEXT NULL,
    "options" TEXT NOT NULL,
    "extra" TEXT NOT NULL
);


CREATE TABLE "regions" (
    "id" TEXT NOT NULL CONSTRAINT "PK_regions" PRIMARY KEY,
    "description" TEXT NOT NULL,
    "parent_region_id" TEXT NULL,
    "extra" TEXT NOT NULL
);


CREATE TABLE "revocations" (
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "issued_before" TEXT NOT NULL,
    "purge_at" TEXT NOT NULL,
    CONSTRAINT "PK_revocations" PRIMARY KEY ("id", "kind")
);


CREATE TABLE "roles" (
    "id" TEXT NOT NULL CONSTRAINT "PK_roles" PRIMARY KEY,
    "name" TEXT NOT NULL,
    "domain_id" TEXT NOT NULL,
    "description" TEXT NULL,
    "options" TEXT NOT NULL,
    "extra" TEXT NOT NULL
);


CREATE TABLE "saga_steps" (
    "saga_id" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "state" INTEGER NOT NULL,
    "output" TEXT NULL,
    "error" TEXT NULL,
    "started_at" TEXT NOT NULL,
    "finished_at" TEXT NOT NULL,
    CONSTRAINT "PK_saga_steps" PRIMARY KEY ("saga_id", "position")
);


CREATE TABLE "sagas" (
    "id" TEXT NOT NULL CONSTRAINT "PK_sagas" PRIMARY KEY,
    "name" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "resource" TEXT NOT NULL,
    "active_resource" TEXT NULL,
    "state" INTEGER NOT NULL,
    "parameters" TEXT NOT NULL,
    "request_id" TEXT NOT NULL,
    "project_id" TEXT NULL,
    "user_id" TEXT NULL,
    "error" TEXT NULL,
    "abort_requested" INTEGER NOT NULL,
    "owner" TEXT NULL,
    "lease_until" TEXT NULL,
    "created_at" TEXT NOT NULL,
    "updated_at" TEXT NOT NULL
);


CREATE TABLE "service_providers" (
    "id" TEXT NOT NULL CONSTRAINT "PK_service_providers" PRIMARY KEY,
    "enabled" INTEGER NOT NULL,
    "description" TEXT NULL,
    "auth_url" TEXT NOT NULL,
    "sp_url" TEXT NOT NULL,
    "relay_state_prefix" TEXT NOT NULL
);


CREATE TABLE "services" (
    "id" TEXT NOT NULL CONSTRAINT "PK_services" PRIMARY KEY,
    "type" TEXT NOT NULL,
    "enabled" INTEGER NOT NULL,
    "extra" TEXT NOT NULL
);


CREATE TABLE "trusts" (
    "id" TEXT NOT NULL CONSTRAINT "PK_trusts" PRIMARY KEY,
    "trustor_user_id" TEXT NOT NULL,
    "trustee_user_id" TEXT NOT NULL,
    "project_id" TEXT NULL,
    "impersonation" INTEGER NOT NULL,
    "expires_at" TEXT NULL,
    "remaining_uses" INTEGER NULL,
    "redelegated_trust_id" TEXT NULL,
    "redelegation_count" INTEGER NULL,
    "extra" TEXT NOT NULL
);


CREATE TABLE "users" (
    "id" TEXT NOT NULL CONSTRAINT "PK_users" PRIMARY KEY,
    "domain_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "enabled" INTEGER NOT NULL,
    "idp_id" TEXT NULL,
    "default_project_id" TEXT NULL,
    "options" TEXT NOT NULL,
    "extra" TEXT NOT NULL,
    "created_at" TEXT NOT NULL,
    "last_active_at" TEXT NULL,
    "failed_auth_count" INTEGER NOT NULL,
    "failed_auth_at" TEXT NULL,
    "source" TEXT NULL
);


CREATE TABLE "application_credential_access_rules" (
    "credential_id" TEXT NOT NULL,
    "access_rule_id" TEXT NOT NULL,
    CONSTRAINT "PK_application_credential_access_rules" PRIMARY KEY ("credential_id", "access_rule_id"),
    CONSTRAINT "FK_application_credential_access_rules_access_rules_access_rule_id" FOREIGN KEY ("access_rule_id") REFERENCES "access_rules" ("id") ON DELETE RESTRICT,
    CONSTRAINT "FK_application_credential_access_rules_application_credentials_credential_id" FOREIGN KEY ("credential_id") REFERENCES "application_credentials" ("id") ON DELETE CASCADE
);


CREATE TABLE "federation_protocols" (
    "id" TEXT NOT NULL,
    "idp_id" TEXT NOT NULL,
    "mapping_id" TEXT NOT NULL,
    "remote_id_attribute" TEXT NULL,
    CONSTRAINT "PK_federation_protocols" PRIMARY KEY ("idp_id", "id"),
    CONSTRAINT "FK_federation_protocols_identity_providers_idp_id" FOREIGN KEY ("idp_id") REFERENCES "identity_providers" ("id") ON DELETE CASCADE
);


CREATE TABLE "idp_remote_ids" (
    "id" TEXT NOT NULL CONSTRAINT "PK_idp_remote_ids" PRIMARY KEY,
    "idp_id" TEXT NOT NULL,
    CONSTRAINT "FK_idp_remote_ids_identity_providers_idp_id" FOREIGN KEY ("idp_id") REFERENCES "identity_providers" ("id") ON DELETE CASCADE
);


CREATE TABLE "oauth1_access_tokens" (
    "id" TEXT NOT NULL CONSTRAINT "PK_oauth1_access_tokens" PRIMARY KEY,
    "consumer_id" TEXT NOT NULL,
    "access_secret" TEXT NOT NULL,
    "authorizing_user_id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "role_ids" TEXT NOT NULL,
    "expires_at" TEXT NULL,
    CONSTRAINT "FK_oauth1_access_tokens_oauth1_consumers_consumer_id" FOREIGN KEY ("consumer_id") REFERENCES "oauth1_consumers" ("id") ON DELETE CASCADE
);


CREATE TABLE "oauth1_request_tokens" (
    "id" TEXT NOT NULL CONSTRAINT "PK_oauth1_request_tokens" PRIMARY KEY,
    "consumer_id" TEXT NOT NULL,
    "request_secret" TEXT NOT NULL,
    "requested_project_id" TEXT NOT NULL,
    "authorizing_user_id" TEXT NULL,
    "verifier" TEXT NULL,
    "role_ids" TEXT NULL,
    "expires_at" TEXT NULL,
    CONSTRAINT "FK_oauth1_request_tokens_oauth1_consumers_consumer_id" FOREIGN KEY ("consumer_id") REFERENCES "oauth1_consumers" ("id") ON DELETE CASCADE
);


CREATE TABLE "policy_associations" (
    "endpoint_id" TEXT NOT NULL,
    "service_id" TEXT NOT NULL,
    "region_id" TEXT NOT NULL,
    "policy_id" TEXT NOT NULL,
    CONSTRAINT "PK_policy_associations" PRIMARY KEY ("endpoint_id", "service_id", "region_id"),
    CONSTRAINT "FK_policy_associations_policies_policy_id" FOREIGN KEY ("policy_id") REFERENCES "policies" ("id") ON DELETE CASCADE
);


CREATE TABLE "domain_configs" (
    "domain_id" TEXT NOT NULL,
    "group" TEXT NOT NULL,
    "option" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "sensitive" INTEGER NOT NULL,
    CONSTRAINT "PK_domain_configs" PRIMARY KEY ("domain_id", "group", "option"),
    CONSTRAINT "FK_domain_configs_projects_domain_id" FOREIGN KEY ("domain_id") REFERENCES "projects" ("id") ON DELETE CASCADE
);


CREATE TABLE "id_mappings" (
    "public_id" TEXT NOT NULL CONSTRAINT "PK_id_mappings" PRIMARY KEY,
    "domain_id" TEXT NOT NULL,
    "local_id" TEXT NOT NULL,
    "entity_type" TEXT NOT NULL,
    CONSTRAINT "FK_id_mappings_projects_domain_id" FOREIGN KEY ("domain_id") REFERENCES "projects" ("id") ON DELETE CASCADE
);


CREATE TABLE "project_endpoint_groups" (
    "project_id" TEXT NOT NULL,
    "endpoint_group_id" TEXT NOT NULL,
    CONSTRAINT "PK_project_endpoint_groups" PRIMARY KEY ("project_id", "endpoint_group_id"),
    CONSTRAINT "FK_project_endpoint_groups_endpoint_groups_endpoint_group_id" FOREIGN KEY ("endpoint_group_id") REFERENCES "endpoint_groups" ("id") ON DELETE CASCADE,
    CONSTRAINT "FK_project_endpoint_groups_projects_project_id" FOREIGN KEY ("project_id") REFERENCES "projects" ("id") ON DELETE CASCADE
);


CREATE TABLE "project_tags" (
    "project_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    CONSTRAINT "PK_project_tags" PRIMARY KEY ("project_id", "name"),
    CONSTRAINT "FK_project_tags_projects_project_id" FOREIGN KEY ("project_id") REFERENCES "projects" ("id") ON DELETE CASCADE
);


CREATE TABLE "application_credential_roles" (
    "credential_id" TEXT NOT NULL,
    "role_id" TEXT NOT NULL,
    CONSTRAINT "PK_application_credential_roles" PRIMARY KEY ("credential_id", "role_id"),
    CONSTRAINT "FK_application_credential_roles_application_credentials_credential_id" FOREIGN KEY ("credential_id") REFERENCES "application_credentials" ("id") ON DELETE CASCADE,
    CONSTRAINT "FK_application_credential_roles_roles_role_id" FOREIGN KEY ("role_id") REFERENCES "roles" ("id") ON DELETE CASCADE
);


CREATE TABLE "implied_roles" (
    "prior_role_id" TEXT NOT NULL,
    "implied_role_id" TEXT NOT NULL,
    CONSTRAINT "PK_implied_roles" PRIMARY KEY ("prior_role_id", "implied_role_id"),
    CONSTRAINT "FK_implied_roles_roles_implied_role_id" FOREIGN KEY ("implied_role_id") REFERENCES "roles" ("id") ON DELETE CASCADE,
    CONSTRAINT "FK_implied_roles_roles_prior_role_id" FOREIGN KEY ("prior_role_id") REFERENCES "roles" ("id") ON DELETE CASCADE
);


CREATE TABLE "role_assignments" (
    "actor_type" TEXT NOT NULL,
    "actor_id" TEXT NOT NULL,
    "target_type" TEXT NOT NULL,
    "target_id" TEXT NOT NULL,
    "role_id" TEXT NOT NULL,
    "inherited" INTEGER NOT NULL,
    CONSTRAINT "PK_role_assignments" PRIMARY KEY ("actor_id", "target_id", "role_id", "inherited", "actor_type", "target_type"),
    CONSTRAINT "FK_role_assignments_roles_role_id" FOREIGN KEY ("role_id") REFERENCES "roles" ("id") ON DELETE CASCADE
);


CREATE TABLE "endpoints" (
    "id" TEXT NOT NULL CONSTRAINT "PK_endpoints" PRIMARY KEY,
    "service_id" TEXT NOT NULL,
    "interface" TEXT NOT NULL,
    "region_id" TEXT NULL,
    "url" TEXT NOT NULL,
    "enabled" INTEGER NOT NULL,
    "own" INTEGER NOT NULL,
    "extra" TEXT NOT NULL,
    CONSTRAINT "FK_endpoints_services_service_id" FOREIGN KEY ("service_id") REFERENCES "services" ("id") ON DELETE CASCADE
);


CREATE TABLE "registered_limits" (
    "id" TEXT NOT NULL CONSTRAINT "PK_registered_limits" PRIMARY KEY,
    "service_id" TEXT NOT NULL,
    "region_id" TEXT NULL,
    "resource_name" TEXT NOT NULL,
    "default_limit" INTEGER NOT NULL,
    "description" TEXT NULL,
    CONSTRAINT "FK_registered_limits_services_service_id" FOREIGN KEY ("service_id") REFERENCES "services" ("id") ON DELETE RESTRICT
);


CREATE TABLE "trust_roles" (
    "trust_id" TEXT NOT NULL,
    "role_id" TEXT NOT NULL,
    CONSTRAINT "PK_trust_roles" PRIMARY KEY ("trust_id", "role_id"),
    CONSTRAINT "FK_trust_roles_trusts_trust_id" FOREIGN KEY ("trust_id") REFERENCES "trusts" ("id") ON DELETE CASCADE
);


CREATE TABLE "expiring_memberships" (
    "user_id" TEXT NOT NULL,
    "group_id" TEXT NOT NULL,
    "idp_id" TEXT NOT NULL,
    "last_verified" TEXT NOT NULL,
    "active" INTEGER NOT NULL,
    CONSTRAINT "PK_expiring_memberships" PRIMARY KEY ("user_id", "group_id", "idp_id"),
    CONSTRAINT "FK_expiring_memberships_groups_group_id" FOREIGN KEY ("group_id") REFERENCES "groups" ("id") ON DELETE CASCADE,
    CONSTRAINT "FK_expiring_memberships_identity_providers_idp_id" FOREIGN KEY ("idp_id") REFERENCES "identity_providers" ("id") ON DELETE CASCADE,
    CONSTRAINT "FK_expiring_memberships_users_user_id" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE
);


CREATE TABLE "federated_users" (
    "id" INTEGER NOT NULL CONSTRAINT "PK_federated_users" PRIMARY KEY AUTOINCREMENT,
    "user_id" TEXT NOT NULL,
    "idp_id" TEXT NOT NULL,
    "protocol_id" TEXT NOT NULL,
    "unique_id" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
    CONSTRAINT "FK_federated_users_users_user_id" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE
);


CREATE TABLE "memberships" (
    "user_id" TEXT NOT NULL,
    "group_id" TEXT NOT NULL,
    CONSTRAINT "PK_memberships" PRIMARY KEY ("user_id", "group_id"),
    CONSTRAINT "FK_memberships_groups_group_id" FOREIGN KEY ("group_id") REFERENCES "groups" ("id") ON DELETE CASCADE,
    CONSTRAINT "FK_memberships_users_user_id" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE
);


CREATE TABLE "passwords" (
    "id" INTEGER NOT NULL CONSTRAINT "PK_passwords" PRIMARY KEY AUTOINCREMENT,
    "user_id" TEXT NOT NULL,
    "hash" TEXT NULL,
    "created_at" TEXT NOT NULL,
    "expires_at" TEXT NULL,
    "self_service" INTEGER NOT NULL,
    CONSTRAINT "FK_passwords_users_user_id" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE
);


CREATE TABLE "project_endpoints" (
    "project_id" TEXT NOT NULL,
    "endpoint_id" TEXT NOT NULL,
    CONSTRAINT "PK_project_endpoints" PRIMARY KEY ("project_id", "endpoint_id"),
    CONSTRAINT "FK_project_endpoints_endpoints_endpoint_id" FOREIGN KEY ("endpoint_id") REFERENCES "endpoints" ("id") ON DELETE CASCADE,
    CONSTRAINT "FK_project_endpoints_projects_project_id" FOREIGN KEY ("project_id") REFERENCES "projects" ("id") ON DELETE CASCADE
);


CREATE TABLE "limits" (
    "id" TEXT NOT NULL CONSTRAINT "PK_limits" PRIMARY KEY,
    "registered_limit_id" TEXT NOT NULL,
    "project_id" TEXT NULL,
    "domain_id" TEXT NULL,
    "resource_limit" INTEGER NOT NULL,
    "description" TEXT NULL,
    CONSTRAINT "FK_limits_registered_limits_registered_limit_id" FOREIGN KEY ("registered_limit_id") REFERENCES "registered_limits" ("id") ON DELETE RESTRICT
);


CREATE UNIQUE INDEX "IX_access_rules_user_id_service_path_method" ON "access_rules" ("user_id", "service", "path", "method");


CREATE INDEX "IX_application_credential_access_rules_access_rule_id" ON "application_credential_access_rules" ("access_rule_id");


CREATE INDEX "IX_application_credential_roles_role_id" ON "application_credential_roles" ("role_id");


CREATE INDEX "IX_application_credentials_project_id" ON "application_credentials" ("project_id");


CREATE UNIQUE INDEX "IX_application_credentials_user_id_name" ON "application_credentials" ("user_id", "name");


CREATE INDEX "changes_by_resource" ON "changes" ("resource_id");


CREATE INDEX "changes_by_time" ON "changes" ("at");


CREATE INDEX "IX_credentials_key_hash" ON "credentials" ("key_hash");


CREATE INDEX "IX_credentials_project_id" ON "credentials" ("project_id");


CREATE INDEX "IX_credentials_user_id_type" ON "credentials" ("user_id", "type");


CREATE INDEX "IX_endpoint_groups_name" ON "endpoint_groups" ("name");


CREATE INDEX "IX_endpoints_region_id" ON "endpoints" ("region_id");


CREATE INDEX "IX_endpoints_service_id" ON "endpoints" ("service_id");


CREATE INDEX "IX_expiring_memberships_group_id" ON "expiring_memberships" ("group_id");


CREATE INDEX "IX_expiring_memberships_idp_id_last_verified" ON "expiring_memberships" ("idp_id", "last_verified");


CREATE INDEX "IX_federated_users_display_name" ON "federated_users" ("display_name");


CREATE UNIQUE INDEX "IX_federated_users_idp_id_protocol_id_unique_id" ON "federated_users" ("idp_id", "protocol_id", "unique_id");


CREATE INDEX "IX_federated_users_user_id" ON "federated_users" ("user_id");


CREATE INDEX "IX_federation_protocols_mapping_id" ON "federation_protocols" ("mapping_id");


CREATE INDEX "IX_federation_used_expires_at" ON "federation_used" ("expires_at");


CREATE INDEX "IX_groups_domain_id_id" ON "groups" ("domain_id", "id");


CREATE UNIQUE INDEX "IX_groups_domain_id_name" ON "groups" ("domain_id", "name") WHERE source IS NULL;


CREATE INDEX "IX_groups_name" ON "groups" ("name");


CREATE UNIQUE INDEX "IX_id_mappings_domain_id_entity_type_local_id" ON "id_mappings" ("domain_id", "entity_type", "local_id");


CREATE INDEX "IX_identity_providers_domain_id" ON "identity_providers" ("domain_id");


CREATE INDEX "IX_idp_remote_ids_idp_id" ON "idp_remote_ids" ("idp_id");


CREATE INDEX "IX_implied_roles_implied_role_id" ON "implied_roles" ("implied_role_id");


CREATE INDEX "IX_limits_domain_id" ON "limits" ("domain_id");


CREATE INDEX "IX_limits_project_id" ON "limits" ("project_id");


CREATE UNIQUE INDEX "IX_limits_registered_limit_id_domain_id" ON "limits" ("registered_limit_id", "domain_id");


CREATE UNIQUE INDEX "IX_limits_registered_limit_id_project_id" ON "limits" ("registered_limit_id", "project_id");


CREATE INDEX "IX_memberships_group_id_user_id" ON "memberships" ("group_id", "user_id");


CREATE INDEX "IX_oauth1_access_tokens_authorizing_user_id" ON "oauth1_access_tokens" ("authorizing_user_id");


CREATE INDEX "IX_oauth1_access_tokens_consumer_id" ON "oauth1_access_tokens" ("consumer_id");


CREATE INDEX "IX_oauth1_request_tokens_consumer_id" ON "oauth1_request_tokens" ("consumer_id");


CREATE INDEX "IX_oauth1_request_tokens_expires_at" ON "oauth1_request_tokens" ("expires_at");


CREATE INDEX "IX_passwords_user_id_id" ON "passwords" ("user_id", "id");


CREATE INDEX "IX_policies_type" ON "policies" ("type");


CREATE INDEX "IX_policy_associations_policy_id" ON "policy_associations" ("policy_id");


CREATE INDEX "IX_policy_associations_region_id" ON "policy_associations" ("region_id");


CREATE INDEX "IX_policy_associations_service_id" ON "policy_associations" ("service_id");


CREATE INDEX "IX_project_endpoint_groups_endpoint_group_id" ON "project_endpoint_groups" ("endpoint_group_id");


CREATE INDEX "IX_project_endpoints_endpoint_id" ON "project_endpoints" ("endpoint_id");


CREATE INDEX "IX_project_tags_name" ON "project_tags" ("name");


CREATE INDEX "IX_projects_domain_id_id" ON "projects" ("domain_id", "id");


CREATE UNIQUE INDEX "IX_projects_domain_id_name" ON "projects" ("domain_id", "name");


CREATE INDEX "IX_projects_name" ON "projects" ("name");


CREATE INDEX "IX_projects_parent_id" ON "projects" ("parent_id");


CREATE INDEX "IX_regions_parent_region_id" ON "regions" ("parent_region_id");


CREATE INDEX "IX_registered_limits_region_id" ON "registered_limits" ("region_id");


CREATE UNIQUE INDEX "IX_registered_limits_service_id_resource_name_region_id" ON "registered_limits" ("service_id", "resource_name", "region_id");


CREATE UNIQUE INDEX "ix_registered_limits_no_region" ON "registered_limits" ("service_id", "resource_name") WHERE region_id IS NULL;


CREATE INDEX "IX_revocations_purge_at" ON "revocations" ("purge_at");


CREATE INDEX "IX_role_assignments_role_id" ON "role_assignments" ("role_id");


CREATE INDEX "IX_role_assignments_target_id" ON "role_assignments" ("target_id");


CREATE UNIQUE INDEX "IX_roles_name_domain_id" ON "roles" ("name", "domain_id");


CREATE INDEX "sagas_by_resource" ON "sagas" ("resource", "state");


CREATE INDEX "sagas_by_state" ON "sagas" ("state", "lease_until");


CREATE UNIQUE INDEX "sagas_one_per_resource" ON "sagas" ("active_resource");


CREATE INDEX "IX_services_type" ON "services" ("type");


CREATE INDEX "IX_trusts_expires_at" ON "trusts" ("expires_at");


CREATE INDEX "IX_trusts_project_id" ON "trusts" ("project_id");


CREATE INDEX "IX_trusts_redelegated_trust_id" ON "trusts" ("redelegated_trust_id");


CREATE INDEX "IX_trusts_trustee_user_id" ON "trusts" ("trustee_user_id");


CREATE UNIQUE INDEX "IX_trusts_trustor_user_id_trustee_user_id_project_id_impersonation_expires_at" ON "trusts" ("trustor_user_id", "trustee_user_id", "project_id", "impersonation", "expires_at");


CREATE INDEX "IX_users_default_project_id" ON "users" ("default_project_id");


CREATE INDEX "IX_users_domain_id_id" ON "users" ("domain_id", "id");


CREATE UNIQUE INDEX "IX_users_domain_id_name" ON "users" ("domain_id", "name") WHERE source IS NULL AND idp_id IS NULL;


CREATE INDEX "IX_users_name" ON "users" ("name");


