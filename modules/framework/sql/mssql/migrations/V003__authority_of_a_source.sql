-- The file with the CA that signs the certificate of a PI Web API; none where the machine's own trust decides.
ALTER TABLE dbo.data_source ADD ca_file NVARCHAR(400) NULL;
