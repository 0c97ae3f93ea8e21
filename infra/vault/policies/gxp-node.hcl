# What the node gxp-node reads, and with what it signs. Nothing else is granted: no list, no write.
path "dcp/data/identity/public" { capabilities = ["read"] }
path "transit/keys/dcp-identity" { capabilities = ["read"] }
path "transit/sign/dcp-identity" { capabilities = ["update"] }
# Where secrets.transit is not set:
path "dcp/data/identity" { capabilities = ["read"] }
path "dcp/data/edge" { capabilities = ["read"] }
path "dcp/data/bus/gxp" { capabilities = ["read"] }
path "dcp/data/bus/gxp-node" { capabilities = ["read"] }
# Where the vault makes the users of the broker:
path "rabbitmq/creds/gxp-node" { capabilities = ["read"] }
