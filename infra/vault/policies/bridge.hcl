# What the module bridge reads. Nothing else is granted: no list, no write.
path "dcp/data/identity/public" { capabilities = ["read"] }
path "transit/keys/dcp-identity" { capabilities = ["read"] }
path "dcp/data/store/bridge" { capabilities = ["read"] }
path "dcp/data/bus/gxp" { capabilities = ["read"] }
path "dcp/data/bus/nongxp" { capabilities = ["read"] }
path "dcp/data/bus/bridge" { capabilities = ["read"] }
# Where the vault makes the users of the broker:
path "rabbitmq/creds/bridge" { capabilities = ["read"] }
