"""The programme's own words: money, calendar, policy, identifiers, errors. No AWS, no clock."""
