# What the node gxp-node reads. Nothing else is granted: no list, no write.
path "dcp/data/identity/public" { capabilities = ["read"] }
path "dcp/data/identity" { capabilities = ["read"] }
path "dcp/data/edge" { capabilities = ["read"] }
path "dcp/data/bus/gxp" { capabilities = ["read"] }
path "dcp/data/bus/gxp-node" { capabilities = ["read"] }
