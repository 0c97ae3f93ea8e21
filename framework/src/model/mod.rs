//! Definitions that modules share: sites, zones, permissions, ids, manifests.
