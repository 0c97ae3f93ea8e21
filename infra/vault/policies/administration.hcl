# What the module administration reads. Nothing else is granted: no list, no write.
path "dcp/data/identity/public" { capabilities = ["read"] }
path "transit/keys/dcp-identity" { capabilities = ["read"] }
path "dcp/data/store/administration" { capabilities = ["read"] }
path "dcp/data/bus/gxp" { capabilities = ["read"] }
path "dcp/data/bus/administration" { capabilities = ["read"] }
path "dcp/data/first-administrator" { capabilities = ["read"] }
# Where the vault makes the users of the broker:
path "rabbitmq/creds/administration" { capabilities = ["read"] }
