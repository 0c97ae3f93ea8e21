# What the module framework reads. Nothing else is granted: no list, no write.
path "dcp/data/identity/public" { capabilities = ["read"] }
path "transit/keys/dcp-identity" { capabilities = ["read"] }
path "dcp/data/store/framework" { capabilities = ["read"] }
path "dcp/data/bus/gxp" { capabilities = ["read"] }
path "dcp/data/bus/framework" { capabilities = ["read"] }
path "dcp/data/pi/*" { capabilities = ["read"] }
# Where the vault makes the users of the broker:
path "rabbitmq/creds/framework" { capabilities = ["read"] }
