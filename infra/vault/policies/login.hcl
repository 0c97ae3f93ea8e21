# What the module login reads. Nothing else is granted: no list, no write.
path "dcp/data/identity/public" { capabilities = ["read"] }
path "transit/keys/dcp-identity" { capabilities = ["read"] }
path "dcp/data/edge" { capabilities = ["read"] }
path "dcp/data/service/*" { capabilities = ["read"] }
path "dcp/data/store/login" { capabilities = ["read"] }
path "dcp/data/bus/gxp" { capabilities = ["read"] }
path "dcp/data/bus/login" { capabilities = ["read"] }
path "dcp/data/demo/users" { capabilities = ["read"] }
path "dcp/data/first-administrator" { capabilities = ["read"] }
# Where the vault makes the users of the broker:
path "rabbitmq/creds/login" { capabilities = ["read"] }
