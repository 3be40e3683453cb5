//! Incidents for the tests of messages.
