-- Its exception block is a subtransaction, which Postgres before 17 refuses while it reads in parallel, in the
-- leading process too.
alter function "reporting"."details"(text) parallel unsafe;
