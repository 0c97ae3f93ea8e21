# What the node nongxp-node reads. Nothing else is granted: no list, no write.
path "dcp/data/identity/public" { capabilities = ["read"] }
path "dcp/data/identity" { capabilities = ["read"] }
path "dcp/data/edge" { capabilities = ["read"] }
path "dcp/data/bus/nongxp" { capabilities = ["read"] }
path "dcp/data/bus/nongxp-node" { capabilities = ["read"] }
