-- What the roles may do with the tables. Run as postroom_owner after every upgrade (setup.sh does): it takes
-- everything back, then gives what is needed, so that a table of a later version is closed until it stands here.
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, postroom_app, postroom_acts, postroom_reader;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, postroom_app, postroom_acts, postroom_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO postroom_app, postroom_acts, postroom_reader;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO postroom_app, postroom_acts;

-- Only added to. No UPDATE at all: what a row says stays said. History is nobody's to
-- change or remove, the owner's neither: triggers refuse it.
GRANT INSERT ON register_event, register_eventcontent, register_correction, register_entryparty, register_stamp,
    register_partyevent, register_partycontent, register_partykey, register_partyword, register_partypair,
    register_firing TO postroom_app;

-- Added to, and a row may be locked (PostgreSQL asks UPDATE on a column for SELECT ... FOR UPDATE);
-- the columns named are the only ones that can change. A number, a date or a page's place cannot.
GRANT INSERT, UPDATE (reference, department, person, status, priority, confidentiality, tags, language, location, custom,
    voided_at, void_reason) ON register_entry TO postroom_app;
-- A party is made as a letter comes in; what is known of it is changed, merged and split by people alone.
GRANT INSERT, UPDATE (key) ON register_party TO postroom_app;
GRANT INSERT, UPDATE (label, guess, probability, alternatives, model, why, blind, forgotten)
    ON register_document TO postroom_app;
GRANT INSERT, UPDATE (last) ON register_counter TO postroom_app;
GRANT INSERT, UPDATE (checked_at, damage) ON register_storedobject TO postroom_app;
GRANT INSERT, UPDATE (recorded_at, delivered_at, retry_at, attempts, error) ON register_outbox TO postroom_app;

GRANT INSERT, UPDATE (due_at, sent_at, read_at, attempts, error) ON register_notice TO postroom_app;

-- The key that seals the classifier's models: whoever reads it can make a model that is taken for ours.
GRANT INSERT, UPDATE (trusted) ON register_seal TO postroom_app;
REVOKE SELECT ON register_seal FROM postroom_acts, postroom_reader;

-- Work in progress. Rows stay, but for fates that a new attempt takes back, which a trigger guards.
GRANT INSERT, UPDATE ON register_batch, register_claim, register_problem TO postroom_app;
GRANT INSERT, DELETE ON register_pagefate TO postroom_app;

-- The deadlines of entries, as they stand now.
GRANT INSERT, UPDATE ON register_clock TO postroom_app;

-- When what was last begun, and how far it came; what was not done goes once it is.
GRANT INSERT, UPDATE, DELETE ON register_mark TO postroom_app;

-- Who does what now: comes and goes.
GRANT INSERT, UPDATE, DELETE ON register_chunk, register_lease TO postroom_app;

-- What people do, at the desk and by command. History, numbers and dates are no more theirs to change than a
-- process's; page fates and the seal are none of their business.
GRANT INSERT ON register_event, register_eventcontent, register_decision, register_correction,
    register_partyevent, register_partycontent, register_firing, register_storedobject TO postroom_acts;
GRANT INSERT, UPDATE (subject, reference, dated, channel, label, tags, priority, confidentiality, language, location,
    custom, access, relations, status, department, person, voided_at, void_reason) ON register_entry TO postroom_acts;
GRANT INSERT, UPDATE (written), DELETE ON register_entryparty TO postroom_acts;
GRANT UPDATE (label, blind, forgotten) ON register_document TO postroom_acts;
GRANT INSERT, UPDATE (last) ON register_counter TO postroom_acts;

-- Parties as they stand now, and what they are found by: what they were stands in their history.
GRANT INSERT, UPDATE (key, name, folded, kind, about, merged_into_id) ON register_party TO postroom_acts;
GRANT INSERT, UPDATE (party_id), DELETE ON register_partykey TO postroom_acts;
GRANT INSERT, DELETE ON register_partyword TO postroom_acts;
GRANT INSERT, UPDATE (separate) ON register_partypair TO postroom_acts;

-- Programs' keys and what their requests were answered: a key is revoked, never removed.
GRANT INSERT, UPDATE (revoked_at) ON register_token TO postroom_acts;
GRANT INSERT, UPDATE (key, status, body) ON register_answer TO postroom_acts;

-- What follows from what they did, done at once: rules, clocks, notices, publishing.
GRANT INSERT, UPDATE (recorded_at, delivered_at, retry_at, attempts, error) ON register_outbox TO postroom_acts;
GRANT INSERT, UPDATE (due_at, read_at, attempts, error) ON register_notice TO postroom_acts;
GRANT INSERT, UPDATE ON register_clock TO postroom_acts;
GRANT INSERT, UPDATE, DELETE ON register_mark, register_lease TO postroom_acts;

-- Files that they add to an entry are handed over as a station does it: kept, and a worker is waited for.
GRANT INSERT, UPDATE (digest, state, duplicate_of_id, changed_at, records, host) ON register_batch TO postroom_acts;
GRANT INSERT, UPDATE (media, sha256, original) ON register_claim TO postroom_acts;
GRANT INSERT ON register_chunk TO postroom_acts;
