# What the module mvda reads. Nothing else is granted: no list, no write.
path "dcp/data/identity/public" { capabilities = ["read"] }
path "transit/keys/dcp-identity" { capabilities = ["read"] }
path "dcp/data/service/mvda" { capabilities = ["read"] }
path "dcp/data/store/mvda" { capabilities = ["read"] }
path "dcp/data/bus/gxp" { capabilities = ["read"] }
path "dcp/data/bus/mvda" { capabilities = ["read"] }
path "dcp/data/pi/*" { capabilities = ["read"] }
# Where the vault makes the users of the broker:
path "rabbitmq/creds/mvda" { capabilities = ["read"] }
