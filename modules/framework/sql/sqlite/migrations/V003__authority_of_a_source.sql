-- The file with the CA that signs the certificate of a PI Web API; none where the machine's own trust decides.
ALTER TABLE data_source ADD COLUMN ca_file TEXT;
