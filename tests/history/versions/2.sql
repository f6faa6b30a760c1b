-- A file as version 2 made it, with what a person had in it. Never changed: it is what people have.
CREATE TABLE conversations (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        title TEXT NOT NULL DEFAULT '',
        renamed INTEGER NOT NULL DEFAULT 0, -- 1: the title was given by the person
        persona TEXT NOT NULL,
        created REAL NOT NULL, -- seconds since 1970, as all times here
        updated REAL NOT NULL,
        deleted REAL -- when; NULL: it is not
    );
CREATE TABLE messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        conversation INTEGER NOT NULL REFERENCES conversations ON DELETE CASCADE,
        role TEXT NOT NULL, -- user or assistant
        text TEXT NOT NULL, -- of a reply: '' until it ended, see pieces
        heard INTEGER, -- code points of a reply; NULL: it is not spoken
        reason TEXT NOT NULL, -- how a reply ended; 'writing' until then; '' of a prompt
        error TEXT NOT NULL DEFAULT '',
        model TEXT NOT NULL DEFAULT '',
        voice TEXT NOT NULL DEFAULT '',
        created REAL NOT NULL,
        metrics TEXT NOT NULL DEFAULT '{}', -- JSON
        cut INTEGER NOT NULL DEFAULT 0, -- 1: another prompt or reply took its place
        writer TEXT NOT NULL DEFAULT '' -- of a reply: the lock of the process that writes it
    , told TEXT NOT NULL DEFAULT '');
CREATE INDEX messages_of ON messages (conversation, cut);
CREATE INDEX messages_writing ON messages (writer) WHERE reason = 'writing';
CREATE TABLE pieces (
        message INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
        number INTEGER NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (message, number)
    ) WITHOUT ROWID;
CREATE TABLE drafts (conversation INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TRIGGER drafts_gone AFTER DELETE ON conversations BEGIN DELETE FROM drafts WHERE conversation = old.id; END;
CREATE VIRTUAL TABLE words USING fts5 (
        text, content = '', prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 2'
    );
CREATE TRIGGER words_added AFTER INSERT ON messages WHEN new.text != '' BEGIN INSERT INTO words (rowid, text) VALUES (new.id, new.text); END;
CREATE TRIGGER words_gone AFTER DELETE ON messages WHEN old.text != '' BEGIN INSERT INTO words (words, rowid, text) VALUES ('delete', old.id, old.text); END;
CREATE TRIGGER words_changed AFTER UPDATE OF text ON messages BEGIN INSERT INTO words (words, rowid, text) SELECT 'delete', old.id, old.text WHERE old.text != ''; INSERT INTO words (rowid, text) SELECT new.id, new.text WHERE new.text != ''; END;
PRAGMA application_id = 1397771080;
PRAGMA user_version = 2;

INSERT INTO conversations (id, title, renamed, persona, created, updated, deleted) VALUES
    (1, 'Why is the sky blue?', 0, '', 1767225600.0, 1767225660.5, NULL),
    (2, 'Café talk', 1, 'pirate', 1767312000.0, 1767312000.0, NULL),
    (3, 'Gone', 0, '', 1767312100.0, 1767312100.0, 1767312200.0);
INSERT INTO messages (id, conversation, role, text, heard, reason, error, model, voice, created, metrics, cut, writer) VALUES
    (1, 1, 'user', 'Why is the sky blue?', NULL, '', '', '', '', 1767225600.0, '{}', 0, ''),
    (2, 1, 'assistant', 'Because of Rayleigh scattering.', 31, 'finished', '', 'tiny', 'hibari/heart', 1767225601.0,
        '{"tokens": 6}', 0, '0011223344556677'),
    (3, 1, 'user', 'And red at night?', NULL, '', '', '', '', 1767225650.0, '{}', 1, ''),
    (4, 2, 'user', 'A café au lait, please.', NULL, '', '', '', '', 1767312000.0, '{}', 0, ''),
    (5, 2, 'assistant', '', 3, 'writing', '', 'tiny', 'hibari/heart', 1767312001.0, '{}', 0, '8899aabbccddeeff'),
    (6, 3, 'user', 'Gone', NULL, '', '', '', '', 1767312100.0, '{}', 0, '');
INSERT INTO pieces (message, number, text) VALUES (5, 0, 'Aye, '), (5, 1, 'captain');
INSERT INTO drafts (conversation, text) VALUES (0, 'Tell me'), (1, 'And green?');
