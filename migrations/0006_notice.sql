-- What people were told about the workspace as a whole, and when: once is enough for a while, however
-- many incidents meet the same trouble.
CREATE TABLE notice (
    workspace TEXT NOT NULL,
    key       TEXT NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (workspace, key)
);
