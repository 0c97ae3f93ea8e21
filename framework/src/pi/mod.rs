//! PI Web API client: the data layer, read only.
