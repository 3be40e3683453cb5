-- What a database says of itself, in numbers. It belongs to this database alone and is never moved
-- to another one.
--
-- `oldest`: the newest migration that a Stentor must know at least to use this database. A
-- migration that only adds leaves it, so that older replicas go on beside newer ones; one that takes
-- something away raises it to its own number, when no older replica runs any more.
-- `probed_at`: written by whoever asks whether the database can be written to.
CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO meta (name, value) VALUES ('oldest', 1), ('probed_at', 0);
