-- What is wrong with assignments, or worth a note: one row a finding, `other_*` for the second party on a table.
-- Overlaps are found from the rows alone, so also when the constraint that forbids them is gone.
-- A party at several tables has the findings about all of them once, at its first assignment.
WITH declared AS (
    SELECT c.id, c.max_party_size, array_agg(m.table_id ORDER BY m.table_id) AS table_ids
    FROM tables_tablecombination AS c
    INNER JOIN tables_tablecombination_tables AS m ON c.id = m.tablecombination_id
    WHERE c.restaurant_id = ANY(%(restaurant_ids)s)
    GROUP BY c.id
),

seated AS (
    SELECT
        a.booking_id, min(a.id) AS first_id, count(*) AS tables, max(t.max_party_size) AS largest_at_one,
        array_agg(a.table_id ORDER BY a.table_id) AS table_ids,
        string_agg(t.number, ' + ' ORDER BY t.number) AS numbers
    FROM booking_table_assignments AS a
    INNER JOIN bookings_booking AS b ON a.booking_id = b.id
    INNER JOIN table_inventory AS t ON a.table_id = t.id
    WHERE
        b.restaurant_id = ANY(%(restaurant_ids)s)
        AND b.business_date BETWEEN %(from_date)s::date - 3 AND %(to_date)s::date + 3
    GROUP BY a.booking_id
),

-- The largest party that the tables of a booking take together; nobody has said it of tables that are not combined.
taking AS (
    SELECT
        seated.*,
        max(declared.max_party_size) AS largest_combined,
        greatest(
            CASE WHEN seated.tables = 1 THEN seated.largest_at_one END, max(declared.max_party_size)
        ) AS largest
    FROM seated
    LEFT JOIN declared ON seated.table_ids = declared.table_ids
    GROUP BY
        seated.booking_id, seated.first_id, seated.tables, seated.largest_at_one, seated.table_ids, seated.numbers
),

assigned AS MATERIALIZED (
    SELECT
        a.id, a.table_id, a.booking_id, a.pinned,
        coalesce(lower(a.during), '-infinity') AS from_at, coalesce(upper(a.during), 'infinity') AS to_at,
        a.during,
        a.restaurant_id <> b.restaurant_id OR t.restaurant_id <> b.restaurant_id AS is_misplaced,
        t.number, t.status AS table_status, taking.numbers, taking.largest, taking.tables, taking.largest_combined,
        a.id = taking.first_id AS is_first,
        b.restaurant_id, b.reference, b.party_size, b.status, b.business_date, b.starts_at,
        -- The first block that lies over it, and whether the table was given out in spite of a block.
        block.starts_at AS blocked_from, block.ends_at AS blocked_until,
        a.created_at > block.first_made_at AND NOT a.pinned AND b.status IN ('held', 'confirmed') AS is_blocked_before,
        stay.needed_until,
        -- What has passed when a table is given needs none: of a party that was seated late at another table, or whose
        -- no-show was undone. Assignments begin with the minute in which they are made.
        least(
            stay.needed_until, greatest(b.starts_at, b.seated_at, a.created_at + interval '1 minute')
        ) AS needed_from,
        b.status IN ('held', 'confirmed', 'arrived', 'seated', 'completed') AS is_counting,
        b.status IN ('held', 'confirmed', 'arrived', 'seated', 'completed')
        AND (b.status <> 'held' OR b.expires_at > %(as_of)s) AS is_live,
        b.service_day_id,
        b.business_date BETWEEN %(from_date)s AND %(to_date)s
        AND (%(service_day_ids)s::bigint [] IS NULL OR b.service_day_id = ANY(%(service_day_ids)s)) AS is_in_scope
    FROM booking_table_assignments AS a
    INNER JOIN bookings_booking AS b ON a.booking_id = b.id
    INNER JOIN table_inventory AS t ON a.table_id = t.id
    INNER JOIN taking ON a.booking_id = taking.booking_id
    LEFT JOIN LATERAL (
        SELECT min(k.starts_at) AS starts_at, max(k.ends_at) AS ends_at, min(k.created_at) AS first_made_at
        FROM tables_tableblock AS k
        WHERE k.table_id = a.table_id AND k.starts_at < upper(a.during) AND k.ends_at > lower(a.during)
    ) AS block ON TRUE
    CROSS JOIN LATERAL (
        -- A party that left early needs its table no longer.
        SELECT greatest(
            b.starts_at, least(b.left_at, b.ends_at + b.buffer_minutes * interval '1 minute')
        ) AS needed_until
    ) AS stay
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
        other.service_day_id AS other_service_day_id,
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

    SELECT wrong.kind, assigned.*, NULL, NULL, NULL, NULL, NULL, NULL
    FROM assigned
    CROSS JOIN LATERAL (
        VALUES
        ('ASSIGNMENT_NOT_LIVE', NOT is_counting),
        (
            'ASSIGNMENT_TOO_SHORT',
            is_counting AND (from_at > needed_from OR (to_at < needed_until AND status NOT IN ('seated', 'completed')))
        ),
        -- Who sits at the table stays, and the next party has it as booked: a person has to decide.
        ('STAYS_PAST_TABLE', status = 'seated' AND to_at < needed_until),
        ('ASSIGNMENT_MISPLACED', is_misplaced),
        ('TABLE_TOO_SMALL', is_live AND is_first AND party_size > largest AND NOT pinned),
        ('CHOSEN_TABLE_TOO_SMALL', is_live AND is_first AND party_size > largest AND pinned),
        ('TABLES_NOT_COMBINED', is_live AND is_first AND tables > 1 AND largest_combined IS NULL),
        ('PARTY_ON_BLOCKED_TABLE', is_live AND to_at > %(as_of)s AND blocked_from IS NOT NULL AND is_blocked_before),
        ('LEFT_ON_BLOCKED_TABLE', is_live AND to_at > %(as_of)s AND blocked_from IS NOT NULL AND NOT is_blocked_before),
        (
            'LEFT_ON_UNUSABLE_TABLE',
            is_live AND status <> 'completed' AND to_at > %(as_of)s AND table_status <> 'active'
            AND NOT EXISTS (
                SELECT FROM bookings_bookingevent AS e
                WHERE
                    e.booking_id = assigned.booking_id AND e.kind = 'kept'
                    AND e.to_value -> 'kept' ? ('table_' || table_status || ' ' || number)
            )
        )
    ) AS wrong (kind, holds)
    WHERE wrong.holds AND is_in_scope
)

SELECT
    found.kind, found.restaurant_id, found.business_date, found.id AS assignment_id, found.table_id,
    found.number AS table_number, replace(found.table_status, '_', ' ') AS table_status, found.numbers AS table_numbers, found.largest AS max_party_size, found.status,
    found.booking_id, found.reference, found.party_size,
    found.other_booking_id, found.other_reference, found.other_party_size,
    found.service_day_id, found.other_service_day_id,
    nullif(coalesce(found.overlap_from, found.from_at), '-infinity') AT TIME ZONE 'UTC' AS from_at,
    nullif(coalesce(found.overlap_to, found.to_at), 'infinity') AT TIME ZONE 'UTC' AS to_at,
    found.needed_from AT TIME ZONE 'UTC' AS starts_at,
    found.needed_until AT TIME ZONE 'UTC' AS needed_until,
    found.blocked_from AT TIME ZONE 'UTC' AS blocked_from,
    found.blocked_until AT TIME ZONE 'UTC' AS blocked_until
FROM found
ORDER BY
    found.restaurant_id, found.business_date, found.table_id, found.from_at, found.id, found.kind, found.overlap_from,
    found.other_booking_id
