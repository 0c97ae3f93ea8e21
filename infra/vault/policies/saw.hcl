# What the module saw reads. Nothing else is granted: no list, no write.
path "dcp/data/identity/public" { capabilities = ["read"] }
path "transit/keys/dcp-identity" { capabilities = ["read"] }
path "dcp/data/service/saw" { capabilities = ["read"] }
path "dcp/data/store/saw" { capabilities = ["read"] }
path "dcp/data/bus/nongxp" { capabilities = ["read"] }
path "dcp/data/bus/saw" { capabilities = ["read"] }
# Where the vault makes the users of the broker:
path "rabbitmq/creds/saw" { capabilities = ["read"] }
