# What the module calc reads. Nothing else is granted: no list, no write.
path "dcp/data/identity/public" { capabilities = ["read"] }
path "transit/keys/dcp-identity" { capabilities = ["read"] }
path "dcp/data/service/calc" { capabilities = ["read"] }
path "dcp/data/store/calc" { capabilities = ["read"] }
path "dcp/data/bus/gxp" { capabilities = ["read"] }
path "dcp/data/bus/nongxp" { capabilities = ["read"] }
path "dcp/data/bus/calc" { capabilities = ["read"] }
path "dcp/data/pi/*" { capabilities = ["read"] }
# Where the vault makes the users of the broker:
path "rabbitmq/creds/calc" { capabilities = ["read"] }
