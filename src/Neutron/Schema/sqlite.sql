CREATE TABLE "agents" (
    "id" TEXT NOT NULL CONSTRAINT "PK_agents" PRIMARY KEY,
    "host" TEXT NOT NULL,
    "agent_type" TEXT NOT NULL,
    "binary" TEXT NOT NULL,
    "topic" TEXT NOT NULL,
    "admin_state_up" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL,
    "started_at" TEXT NOT NULL,
    "heartbeat_at" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "availability_zone" TEXT NOT NULL,
    "configurations_json" TEXT NOT NULL
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


CREATE TABLE "feed_changes" (
    "sequence" INTEGER NOT NULL CONSTRAINT "PK_feed_changes" PRIMARY KEY AUTOINCREMENT,
    "kind" INTEGER NOT NULL,
    "record_id" TEXT NOT NULL,
    "at" TEXT NOT NULL
);


CREATE TABLE "networks" (
    "id" TEXT NOT NULL CONSTRAINT "PK_networks" PRIMARY KEY,
    "name" TEXT NOT NULL,
    "admin_state_up" INTEGER NOT NULL,
    "status" TEXT NOT NULL,
    "shared" INTEGER NOT NULL,
    "external" INTEGER NOT NULL,
    "is_default" INTEGER NOT NULL,
    "mtu" INTEGER NOT NULL,
    "port_security_enabled" INTEGER NOT NULL,
    "network_type" TEXT NOT NULL,
    "physical_network" TEXT NOT NULL,
    "segmentation_id" INTEGER NOT NULL,
    "dns_domain" TEXT NOT NULL,
    "zone_hints" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "created_at" TEXT NOT NULL,
    "updated_at" TEXT NOT NULL,
    "revision_number" INTEGER NOT NULL
);


CREATE TABLE "quotas" (
    "project_id" TEXT NOT NULL,
    "resource" TEXT NOT NULL,
    "quota_limit" INTEGER NOT NULL,
    CONSTRAINT "PK_quotas" PRIMARY KEY ("project_id", "resource")
);


CREATE TABLE "routers" (
    "id" TEXT NOT NULL CONSTRAINT "PK_routers" PRIMARY KEY,
    "name" TEXT NOT NULL,
    "admin_state_up" INTEGER NOT NULL,
    "status" TEXT NOT NULL,
    "enable_snat" INTEGER NOT NULL,
    "gateway_port_id" TEXT NULL,
    "host_id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "created_at" TEXT NOT NULL,
    "updated_at" TEXT NOT NULL,
    "revision_number" INTEGER NOT NULL
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


CREATE TABLE "security_groups" (
    "id" TEXT NOT NULL CONSTRAINT "PK_security_groups" PRIMARY KEY,
    "name" TEXT NOT NULL,
    "stateful" INTEGER NOT NULL,
    "is_default" INTEGER NOT NULL,
    "project_id" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "created_at" TEXT NOT NULL,
    "updated_at" TEXT NOT NULL,
    "revision_number" INTEGER NOT NULL
);


CREATE TABLE "tags" (
    "resource_id" TEXT NOT NULL,
    "tag" TEXT NOT NULL,
    CONSTRAINT "PK_tags" PRIMARY KEY ("resource_id", "tag")
);


CREATE TABLE "ports" (
    "id" TEXT NOT NULL CONSTRAINT "PK_ports" PRIMARY KEY,
    "name" TEXT NOT NULL,
    "network_id" TEXT NOT NULL,
    "admin_state_up" INTEGER NOT NULL,
    "status" TEXT NOT NULL,
    "mac" TEXT NOT NULL,
    "device_id" TEXT NOT NULL,
    "device_owner" TEXT NOT NULL,
    "host_id" TEXT NOT NULL,
    "vnic_type" TEXT NOT NULL,
    "vif_type" TEXT NOT NULL,
    "port_security_enabled" INTEGER NOT NULL,
    "profile_json" TEXT NOT NULL,
    "address_pairs_json" TEXT NOT NULL,
    "dhcp_options_json" TEXT NOT NULL,
    "dns_name" TEXT NOT NULL,
    "no_addresses" INTEGER NOT NULL,
    "project_id" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "created_at" TEXT NOT NULL,
    "updated_at" TEXT NOT NULL,
    "revision_number" INTEGER NOT NULL,
    CONSTRAINT "FK_ports_networks_network_id" FOREIGN KEY ("network_id") REFERENCES "networks" ("id") ON DELETE RESTRICT
);


CREATE TABLE "subnets" (
    "id" TEXT NOT NULL CONSTRAINT "PK_subnets" PRIMARY KEY,
    "name" TEXT NOT NULL,
    "network_id" TEXT NOT NULL,
    "cidr" TEXT NOT NULL,
    "ip_version" INTEGER NOT NULL,
    "gateway_ip" TEXT NULL,
    "enable_dhcp" INTEGER NOT NULL,
    "ipv6_ra_mode" TEXT NULL,
    "ipv6_address_mode" TEXT NULL,
    "pools_json" TEXT NOT NULL,
    "dns_json" TEXT NOT NULL,
    "routes_json" TEXT NOT NULL,
    "service_types_json" TEXT NOT NULL,
    "cursor" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "created_at" TEXT NOT NULL,
    "updated_at" TEXT NOT NULL,
    "revision_number" INTEGER NOT NULL,
    CONSTRAINT "FK_subnets_networks_network_id" FOREIGN KEY ("network_id") REFERENCES "networks" ("id") ON DELETE RESTRICT
);


CREATE TABLE "router_routes" (
    "router_id" TEXT NOT NULL,
    "destination" TEXT NOT NULL,
    "nexthop" TEXT NOT NULL,
    CONSTRAINT "PK_router_routes" PRIMARY KEY ("router_id", "destination", "nexthop"),
    CONSTRAINT "FK_router_routes_routers_router_id" FOREIGN KEY ("router_id") REFERENCES "routers" ("id") ON DELETE CASCADE
);


CREATE TABLE "security_group_rules" (
    "id" TEXT NOT NULL CONSTRAINT "PK_security_group_rules" PRIMARY KEY,
    "security_group_id" TEXT NOT NULL,
    "direction" TEXT NOT NULL,
    "ethertype" TEXT NOT NULL,
    "protocol" TEXT NULL,
    "port_range_min" INTEGER NULL,
    "port_range_max" INTEGER NULL,
    "remote_ip_prefix" TEXT NULL,
    "remote_group_id" TEXT NULL,
    "remote_address_group_id" TEXT NULL,
    "meaning" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "created_at" TEXT NOT NULL,
    "updated_at" TEXT NOT NULL,
    "revision_number" INTEGER NOT NULL,
    CONSTRAINT "FK_security_group_rules_security_groups_remote_group_id" FOREIGN KEY ("remote_group_id") REFERENCES "security_groups" ("id") ON DELETE CASCADE,
    CONSTRAINT "FK_security_group_rules_security_groups_security_group_id" FOREIGN KEY ("security_group_id") REFERENCES "security_groups" ("id") ON DELETE CASCADE
);


CREATE TABLE "floatingips" (
    "id" TEXT NOT NULL CONSTRAINT "PK_floatingips" PRIMARY KEY,
    "floating_network_id" TEXT NOT NULL,
    "floating_ip_address" TEXT NOT NULL,
    "floating_port_id" TEXT NOT NULL,
    "fixed_port_id" TEXT NULL,
    "fixed_ip_address" TEXT NULL,
    "router_id" TEXT NULL,
    "status" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "created_at" TEXT NOT NULL,
    "updated_at" TEXT NOT NULL,
    "revision_number" INTEGER NOT NULL,
    CONSTRAINT "FK_floatingips_ports_fixed_port_id" FOREIGN KEY ("fixed_port_id") REFERENCES "ports" ("id") ON DELETE RESTRICT,
    CONSTRAINT "FK_floatingips_ports_floating_port_id" FOREIGN KEY ("floating_port_id") REFERENCES "ports" ("id") ON DELETE RESTRICT,
    CONSTRAINT "FK_floatingips_routers_router_id" FOREIGN KEY ("router_id") REFERENCES "routers" ("id") ON DELETE RESTRICT
);


CREATE TABLE "port_security_groups" (
    "port_id" TEXT NOT NULL,
    "security_group_id" TEXT NOT NULL,
    CONSTRAINT "PK_port_security_groups" PRIMARY KEY ("port_id", "security_group_id"),
    CONSTRAINT "FK_port_security_groups_ports_port_id" FOREIGN KEY ("port_id") REFERENCES "ports" ("id") ON DELETE CASCADE
);


CREATE TABLE "router_ports" (
    "port_id" TEXT NOT NULL CONSTRAINT "PK_router_ports" PRIMARY KEY,
    "router_id" TEXT NOT NULL,
    "is_gateway" INTEGER NOT NULL,
    CONSTRAINT "FK_router_ports_ports_port_id" FOREIGN KEY ("port_id") REFERENCES "ports" ("id") ON DELETE CASCADE,
    CONSTRAINT "FK_router_ports_routers_router_id" FOREIGN KEY ("router_id") REFERENCES "routers" ("id") ON DELETE CASCADE
);


CREATE TABLE "fixed_ips" (
    "network_id" TEXT NOT NULL,
    "ip" TEXT NOT NULL,
    "subnet_id" TEXT NOT NULL,
    "port_id" TEXT NOT NULL,
    "ip_key" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    CONSTRAINT "PK_fixed_ips" PRIMARY KEY ("network_id", "ip"),
    CONSTRAINT "FK_fixed_ips_ports_port_id" FOREIGN KEY ("port_id") REFERENCES "ports" ("id") ON DELETE CASCADE,
    CONSTRAINT "FK_fixed_ips_subnets_subnet_id" FOREIGN KEY ("subnet_id") REFERENCES "subnets" ("id") ON DELETE RESTRICT
);


CREATE UNIQUE INDEX "agents_by_host" ON "agents" ("agent_type", "host");


CREATE INDEX "changes_by_resource" ON "changes" ("resource_id");


CREATE INDEX "changes_by_time" ON "changes" ("at");


CREATE UNIQUE INDEX "feed_changes_by_record" ON "feed_changes" ("kind", "record_id");


CREATE INDEX "fixed_ips_by_port" ON "fixed_ips" ("port_id");


CREATE UNIQUE INDEX "fixed_ips_by_subnet" ON "fixed_ips" ("subnet_id", "ip_key");


CREATE UNIQUE INDEX "floatingips_by_address" ON "floatingips" ("floating_network_id", "floating_ip_address");


CREATE UNIQUE INDEX "floatingips_by_fixed_address" ON "floatingips" ("fixed_port_id", "fixed_ip_address", "floating_network_id");


CREATE UNIQUE INDEX "floatingips_by_floating_port" ON "floatingips" ("floating_port_id");


CREATE INDEX "floatingips_by_project" ON "floatingips" ("project_id", "id");


CREATE INDEX "floatingips_by_router" ON "floatingips" ("router_id");


CREATE INDEX "networks_by_project" ON "networks" ("project_id", "id");


CREATE UNIQUE INDEX "networks_by_segment" ON "networks" ("network_type", "physical_network", "segmentation_id");


CREATE INDEX "networks_external" ON "networks" ("external");


CREATE INDEX "networks_shared" ON "networks" ("shared");


CREATE INDEX "port_security_groups_by_group" ON "port_security_groups" ("security_group_id");


CREATE INDEX "ports_by_device" ON "ports" ("device_id");


CREATE INDEX "ports_by_host" ON "ports" ("host_id", "network_id");


CREATE UNIQUE INDEX "ports_by_mac" ON "ports" ("network_id", "mac");


CREATE INDEX "ports_by_owner" ON "ports" ("network_id", "device_owner");


CREATE INDEX "ports_by_project" ON "ports" ("project_id", "id");


CREATE INDEX "router_ports_by_router" ON "router_ports" ("router_id");


CREATE UNIQUE INDEX "routers_by_gateway_port" ON "routers" ("gateway_port_id");


CREATE INDEX "routers_by_host" ON "routers" ("host_id");


CREATE INDEX "routers_by_name" ON "routers" ("name");


CREATE INDEX "routers_by_project" ON "routers" ("project_id", "id");


CREATE INDEX "sagas_by_resource" ON "sagas" ("resource", "state");


CREATE INDEX "sagas_by_state" ON "sagas" ("state", "lease_until");


CREATE UNIQUE INDEX "sagas_one_per_resource" ON "sagas" ("active_resource");


CREATE UNIQUE INDEX "security_group_rules_by_meaning" ON "security_group_rules" ("security_group_id", "meaning");


CREATE INDEX "security_group_rules_by_project" ON "security_group_rules" ("project_id", "id");


CREATE INDEX "security_group_rules_by_remote_group" ON "security_group_rules" ("remote_group_id");


CREATE INDEX "security_groups_by_name" ON "security_groups" ("name");


CREATE INDEX "security_groups_by_project" ON "security_groups" ("project_id", "id");


CREATE UNIQUE INDEX "security_groups_default" ON "security_groups" ("project_id") WHERE is_default;


CREATE INDEX "subnets_by_network" ON "subnets" ("network_id", "id");


CREATE INDEX "subnets_by_project" ON "subnets" ("project_id", "id");


CREATE INDEX "tags_by_name" ON "tags" ("tag");


