-- What is wrong with assignments: one row a finding, `other_*` for the second party on a table.
-- Overlaps are found from the rows alone, so also when the constraint that forbids them is gone.
WITH assigned AS MATERIALIZED (
    SELECT
        a.id, a.table_id, a.booking_id,
        coalesce(lower(a.during), '-infinity') AS from_at, coalesce(upper(a.during), 'infinity') AS to_at,
        a.during,
        a.restaurant_id <> b.restaurant_id OR t.restaurant_id <> b.restaurant_id AS is_misplaced,
        t.number, t.max_party_size,
        b.restaurant_id, b.reference, b.party_size, b.status, b.business_date, b.starts_at,
        -- A party that was given the table during its stay needs it from then on; a minute, since clocks differ.
        greatest(b.starts_at, least(lower(a.during), a.created_at + interval '1 minute')) AS needed_from,
        -- A party that left early needs its table no longer.
        greatest(
            b.starts_at, least(b.left_at, b.ends_at + b.buffer_minutes * interval '1 minute')
        ) AS needed_until,
        b.status IN ('held', 'confirmed', 'arrived', 'seated', 'completed') AS is_counting,
        b.status IN ('held', 'confirmed', 'arrived', 'seated', 'completed')
        AND (b.status <> 'held' OR b.expires_at > %(as_of)s) AS is_live,
        b.business_date BETWEEN %(from_date)s AND %(to_date)s AS is_in_scope
    FROM booking_table_assignments AS a
    INNER JOIN bookings_booking AS b ON a.booking_id = b.id
    INNER JOIN table_inventory AS t ON a.table_id = t.id
    WHERE
        b.restaurant_id = ANY(%(restaurant_ids)s)
        -- A stay may reach into the scope from a service that began up to three dates before.
        AND b.business_date BETWEEN %(from_date)s::date - 3 AND %(to_date)s::date + 3
),

-- Sorted by start: if any two assignments of a table overlap, some two neighbours do.
suspect AS (
    SELECT DISTINCT table_id
    FROM (
        SELECT table_id, from_at < lag(to_at) OVER (PARTITION BY table_id ORDER BY from_at, id) AS meets_earlier
        FROM assigned
        WHERE is_live
    ) AS sweep
    WHERE meets_earlier
),

found AS (
    SELECT 'TABLE_DOUBLE_BOOKED' AS kind, one.*, other.booking_id AS other_booking_id,
        other.reference AS other_reference, other.party_size AS other_party_size,
        greatest(one.from_at, other.from_at) AS overlap_from, least(one.to_at, other.to_at) AS overlap_to
    FROM suspect
    INNER JOIN assigned AS one ON suspect.table_id = one.table_id
    INNER JOIN assigned AS other
        ON
            one.table_id = other.table_id
            AND (one.from_at, one.id) < (other.from_at, other.id)
            AND other.from_at < one.to_at
    WHERE one.is_live AND other.is_live AND (one.is_in_scope OR other.is_in_scope)

    UNION ALL

    SELECT wrong.kind, assigned.*, NULL, NULL, NULL, NULL, NULL
    FROM assigned
    CROSS JOIN LATERAL (
        VALUES
        ('ASSIGNMENT_NOT_LIVE', NOT is_counting),
        ('ASSIGNMENT_TOO_SHORT', is_counting AND NOT during @> tstzrange(needed_from, greatest(needed_from, needed_until))),
        ('ASSIGNMENT_MISPLACED', is_misplaced),
        (
            'TABLE_TOO_SMALL',
            is_live
            AND party_size > max_party_size
            AND (SELECT count(*) FROM booking_table_assignments AS a WHERE a.booking_id = assigned.booking_id) = 1
        )
    ) AS wrong (kind, holds)
    WHERE wrong.holds AND is_in_scope
)

SELECT
    found.kind, found.restaurant_id, found.business_date, found.id AS assignment_id, found.table_id,
    found.number AS table_number, found.max_party_size, found.status,
    found.booking_id, found.reference, found.party_size,
    found.other_booking_id, found.other_reference, found.other_party_size,
    nullif(coalesce(found.overlap_from, found.from_at), '-infinity') AT TIME ZONE 'UTC' AS from_at,
    nullif(coalesce(found.overlap_to, found.to_at), 'infinity') AT TIME ZONE 'UTC' AS to_at,
    found.needed_from AT TIME ZONE 'UTC' AS starts_at,
    found.needed_until AT TIME ZONE 'UTC' AS needed_until
FROM found
ORDER BY found.restaurant_id, found.business_date, found.table_id, found.from_at, found.id
