-- Who may log in. Run once, as a superuser, in the database that Postroom shall have:
--   psql -v ON_ERROR_STOP=1 -d postroom -f roles.sql
-- then give each its password: \password postroom_worker
--
--   postroom_owner    owns the tables: set-up, upgrades, rebuild from the archive, restore
--   postroom_app      what station, worker and indexer may do (grants.sql); nobody logs in as it
--   postroom_acts     what people do with entries, parties and the office (grants.sql); nobody logs in as it
--   postroom_desk     the desk, which the network reaches: acts alone
--   postroom_clerk    command lines of people: acts, and what files that they attach are read and filed with
--   postroom_reader   reads: auditors, reports
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['postroom_owner', 'postroom_app', 'postroom_acts', 'postroom_reader',
                                'postroom_station', 'postroom_worker', 'postroom_indexer',
                                'postroom_desk', 'postroom_clerk'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION', name);
        END IF;
    END LOOP;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO postroom_owner, postroom_app, postroom_acts, postroom_reader',
                   current_database());
END
$$;

ALTER ROLE postroom_owner LOGIN;
ALTER ROLE postroom_reader LOGIN;
ALTER ROLE postroom_reader SET default_transaction_read_only = on;
ALTER ROLE postroom_app NOLOGIN;
ALTER ROLE postroom_acts NOLOGIN;

-- One login for each kind of process: logs name it, and it can be shut out alone.
ALTER ROLE postroom_station LOGIN;
ALTER ROLE postroom_worker LOGIN;
ALTER ROLE postroom_indexer LOGIN;
ALTER ROLE postroom_desk LOGIN;
ALTER ROLE postroom_clerk LOGIN;
GRANT postroom_app TO postroom_station, postroom_worker, postroom_indexer, postroom_clerk;
GRANT postroom_acts TO postroom_desk, postroom_clerk;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO postroom_owner;
GRANT USAGE ON SCHEMA public TO postroom_app, postroom_acts, postroom_reader;
