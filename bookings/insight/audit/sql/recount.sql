-- Every limit of every service day and slot in scope, recounted from bookings, rules and overrides.
-- Returns the lines that are worth a look: a counter, limit or excess that is off, or a count above its limit.
--
-- The session's time zone is that of the restaurants asked for: `::time` reads the clock on their wall.
-- `counted` holds all that the engine must have in its counter, so also holds that are over and not yet freed;
-- `live` holds parties that really have a claim to come.
WITH day AS MATERIALIZED (
    SELECT
        d.id, d.restaurant_id, d.service_period_id, d.business_date,
        d.max_covers, d.max_parties, d.booked_covers, d.booked_parties, d.excess_covers, d.excess_parties,
        -- A change of rules reaches what is to come and what is still running; what is over stays as it was.
        d.business_date >= %(today)s::date
        OR (d.business_date = %(today)s::date - 1 AND d.ends_at > %(as_of)s) AS follows_rules
    FROM capacity_serviceday AS d
    WHERE
        d.restaurant_id = ANY(%(restaurant_ids)s)
        AND d.business_date BETWEEN %(from_date)s AND %(to_date)s
        AND (%(service_day_ids)s::bigint [] IS NULL OR d.id = ANY(%(service_day_ids)s))
),

slot AS MATERIALIZED (
    SELECT
        s.id, s.restaurant_id, s.service_day_id, s.starts_at, s.ends_at,
        s.pacing_covers, s.pacing_parties, s.occupancy_covers, s.occupancy_parties,
        s.starting_covers, s.starting_parties, s.present_covers, s.present_parties,
        s.excess_pacing_covers, s.excess_pacing_parties, s.excess_occupancy_covers, s.excess_occupancy_parties,
        s.starts_at::time AS wall_time,
        day.service_period_id, day.business_date, day.follows_rules
    FROM booking_slots AS s
    INNER JOIN day ON s.service_day_id = day.id
),

span AS MATERIALIZED (
    SELECT min(starts_at) AS starts_at, max(ends_at) AS ends_at, max(ends_at - starts_at) AS longest_slot
    FROM slot
),

-- Rules ----------------------------------------------------------------------------------------------------

-- One row for every limit that a rule sets; of two that apply, both with a time of day or both without, the lower
-- rank wins.
rule AS MATERIALIZED (
    SELECT
        r.restaurant_id, r.service_period_id, r.weekday, r.from_date, r.from_time, r.to_time,
        coalesce(r.to_date, r.from_date) AS to_date, said.kind, said.value,
        row_number() OVER (
            ORDER BY
                r.from_date IS NULL,
                CASE
                    WHEN r.service_period_id IS NOT NULL AND r.weekday IS NOT NULL THEN 1
                    WHEN r.service_period_id IS NOT NULL THEN 2
                    WHEN r.weekday IS NOT NULL THEN 3
                    ELSE 4
                END,
                coalesce(r.to_date - r.from_date, 0),
                -- Past midnight it goes on; from and to alike is the whole day.
                CASE
                    WHEN r.to_time > r.from_time THEN r.to_time - r.from_time
                    ELSE r.to_time - r.from_time + interval '24 hours'
                END,
                r.id DESC
        ) AS rank
    FROM restaurant_capacity_rules AS r
    CROSS JOIN LATERAL (
        VALUES
        ('SERVICE_COVERS', r.max_covers), ('SERVICE_PARTIES', r.max_parties),
        ('PACING_COVERS', r.pacing_covers), ('PACING_PARTIES', r.pacing_parties),
        ('OCCUPANCY_COVERS', r.occupancy_covers), ('OCCUPANCY_PARTIES', r.occupancy_parties)
    ) AS said (kind, value)
    WHERE r.restaurant_id = ANY(%(restaurant_ids)s) AND said.value IS NOT NULL
),

-- What holds all service long.
standing AS MATERIALIZED (
    SELECT
        decided.service_day_id,
        max(decided.value) FILTER (WHERE decided.kind = 'SERVICE_COVERS') AS service_covers,
        max(decided.value) FILTER (WHERE decided.kind = 'SERVICE_PARTIES') AS service_parties,
        max(decided.value) FILTER (WHERE decided.kind = 'PACING_COVERS') AS pacing_covers,
        max(decided.value) FILTER (WHERE decided.kind = 'PACING_PARTIES') AS pacing_parties,
        max(decided.value) FILTER (WHERE decided.kind = 'OCCUPANCY_COVERS') AS occupancy_covers,
        max(decided.value) FILTER (WHERE decided.kind = 'OCCUPANCY_PARTIES') AS occupancy_parties
    FROM (
        SELECT DISTINCT ON (day.id, rule.kind) day.id AS service_day_id, rule.kind, rule.value
        FROM day
        INNER JOIN rule
            ON
                day.restaurant_id = rule.restaurant_id
                AND rule.from_time IS NULL
                AND coalesce(rule.service_period_id = day.service_period_id, true)
                AND coalesce(rule.weekday = extract(ISODOW FROM day.business_date), true)
                AND coalesce(day.business_date BETWEEN rule.from_date AND rule.to_date, true)
        ORDER BY day.id, rule.kind, rule.rank
    ) AS decided
    GROUP BY decided.service_day_id
),

-- A rule with a time of day beats all of them, in the slots that it names.
timed AS MATERIALIZED (
    SELECT
        decided.slot_id,
        max(decided.value) FILTER (WHERE decided.kind = 'PACING_COVERS') AS pacing_covers,
        max(decided.value) FILTER (WHERE decided.kind = 'PACING_PARTIES') AS pacing_parties,
        max(decided.value) FILTER (WHERE decided.kind = 'OCCUPANCY_COVERS') AS occupancy_covers,
        max(decided.value) FILTER (WHERE decided.kind = 'OCCUPANCY_PARTIES') AS occupancy_parties
    FROM (
        SELECT DISTINCT ON (slot.id, rule.kind) slot.id AS slot_id, rule.kind, rule.value
        FROM slot
        INNER JOIN rule
            ON
                slot.restaurant_id = rule.restaurant_id
                AND rule.from_time IS NOT NULL
                AND coalesce(rule.service_period_id = slot.service_period_id, true)
                AND coalesce(rule.weekday = extract(ISODOW FROM slot.business_date), true)
                AND coalesce(slot.business_date BETWEEN rule.from_date AND rule.to_date, true)
                AND CASE
                    WHEN rule.from_time < rule.to_time
                        THEN slot.wall_time >= rule.from_time AND slot.wall_time < rule.to_time
                    ELSE slot.wall_time >= rule.from_time OR slot.wall_time < rule.to_time
                END
        ORDER BY slot.id, rule.kind, rule.rank
    ) AS decided
    GROUP BY decided.slot_id
),

-- Bookings -------------------------------------------------------------------------------------------------

booked AS MATERIALIZED (
    SELECT
        b.service_day_id, b.starts_at,
        sum(b.party_size) AS covers, count(*) AS parties,
        sum(b.party_size) FILTER (WHERE b.status <> 'held' OR b.expires_at > %(as_of)s) AS live_covers,
        count(*) FILTER (WHERE b.status <> 'held' OR b.expires_at > %(as_of)s) AS live_parties
    FROM bookings_booking AS b
    INNER JOIN day ON b.service_day_id = day.id
    WHERE b.status IN ('held', 'confirmed', 'arrived', 'seated', 'completed')
    GROUP BY b.service_day_id, b.starts_at
),

in_service AS MATERIALIZED (
    SELECT
        service_day_id,
        sum(covers)::bigint AS covers, sum(parties)::bigint AS parties,
        sum(live_covers)::bigint AS live_covers, sum(live_parties)::bigint AS live_parties
    FROM booked
    GROUP BY service_day_id
),

-- A party starts in the latest slot of its service day that is not after its start.
starting AS MATERIALIZED (
    SELECT
        latest.id AS slot_id,
        sum(booked.covers)::bigint AS covers, sum(booked.parties)::bigint AS parties,
        sum(booked.live_covers)::bigint AS live_covers, sum(booked.live_parties)::bigint AS live_parties
    FROM booked
    CROSS JOIN LATERAL (
        SELECT s.id
        FROM booking_slots AS s
        WHERE s.service_day_id = booked.service_day_id AND s.starts_at <= booked.starts_at
        ORDER BY s.starts_at DESC
        LIMIT 1
    ) AS latest
    GROUP BY latest.id
),

-- Whoever could be present, whichever service they belong to.
stay AS MATERIALIZED (
    SELECT
        b.restaurant_id, b.starts_at, b.ends_at,
        sum(b.party_size) AS covers, count(*) AS parties,
        sum(b.party_size) FILTER (WHERE b.status <> 'held' OR b.expires_at > %(as_of)s) AS live_covers,
        count(*) FILTER (WHERE b.status <> 'held' OR b.expires_at > %(as_of)s) AS live_parties
    FROM bookings_booking AS b
    WHERE
        b.restaurant_id = ANY(%(restaurant_ids)s)
        AND b.status IN ('held', 'confirmed', 'arrived', 'seated', 'completed')
        AND b.ends_at > (SELECT span.starts_at FROM span)
        AND b.starts_at < (SELECT span.ends_at FROM span)
    GROUP BY b.restaurant_id, b.starts_at, b.ends_at
),

-- A party is present in every slot whose quarter hour its stay touches. OFFSET 0 keeps this a look-up in the
-- index of slots by start; a join of the two lists would compare every stay with every slot of its restaurant.
present AS MATERIALIZED (
    SELECT
        touched.id AS slot_id,
        sum(stay.covers)::bigint AS covers, sum(stay.parties)::bigint AS parties,
        sum(stay.live_covers)::bigint AS live_covers, sum(stay.live_parties)::bigint AS live_parties
    FROM stay
    CROSS JOIN LATERAL (
        SELECT s.id
        FROM booking_slots AS s
        WHERE
            s.restaurant_id = stay.restaurant_id
            AND s.starts_at < stay.ends_at
            AND s.starts_at > stay.starts_at - (SELECT span.longest_slot FROM span)
            AND s.ends_at > stay.starts_at
        OFFSET 0
    ) AS touched
    GROUP BY touched.id
),

-- Overrides ------------------------------------------------------------------------------------------------

-- An authorisation goes with its booking: one that was given for a party who cancelled covers nobody else.
authorised AS MATERIALIZED (
    SELECT
        o.restaurant_id, o.slot_starts_at, o.limit AS kind,
        CASE WHEN o.slot_starts_at IS NULL THEN o.service_day_id END AS service_day_id,
        sum(o.amount)::bigint AS amount,
        sum(o.amount) FILTER (WHERE b.id IS NULL OR b.status <> 'held' OR b.expires_at > %(as_of)s) AS live_amount
    FROM bookings_capacityoverride AS o
    LEFT JOIN bookings_booking AS b ON o.booking_id = b.id
    WHERE
        o.restaurant_id = ANY(%(restaurant_ids)s)
        AND (b.id IS NULL OR b.status IN ('held', 'confirmed', 'arrived', 'seated', 'completed'))
    GROUP BY 1, 2, 3, 4
),

-- The ledger -----------------------------------------------------------------------------------------------

line AS (
    SELECT
        day.restaurant_id, day.id AS service_day_id, day.service_period_id, day.business_date, day.follows_rules,
        NULL::bigint AS slot_id, NULL::timestamptz AS starts_at, NULL::timestamptz AS ends_at, NULL::time AS wall_time,
        side.kind, side.counter, side.stored_limit, side.rule_limit, side.excess,
        coalesce(side.counted, 0) AS counted, coalesce(side.live, 0) AS live,
        coalesce(authorised.amount, 0) AS authorised, coalesce(authorised.live_amount, 0) AS live_authorised
    FROM day
    LEFT JOIN in_service ON day.id = in_service.service_day_id
    LEFT JOIN standing ON day.id = standing.service_day_id
    CROSS JOIN LATERAL (
        VALUES
        (
            'SERVICE_COVERS', day.booked_covers, day.max_covers, standing.service_covers,
            day.excess_covers, in_service.covers, in_service.live_covers
        ),
        (
            'SERVICE_PARTIES', day.booked_parties, day.max_parties, standing.service_parties,
            day.excess_parties, in_service.parties, in_service.live_parties
        )
    ) AS side (kind, counter, stored_limit, rule_limit, excess, counted, live)
    LEFT JOIN authorised ON day.id = authorised.service_day_id AND side.kind = authorised.kind

    UNION ALL

    SELECT
        slot.restaurant_id, slot.service_day_id, slot.service_period_id, slot.business_date, slot.follows_rules,
        slot.id, slot.starts_at, slot.ends_at, slot.wall_time,
        side.kind, side.counter, side.stored_limit, side.rule_limit, side.excess,
        coalesce(side.counted, 0), coalesce(side.live, 0),
        coalesce(authorised.amount, 0), coalesce(authorised.live_amount, 0)
    FROM slot
    LEFT JOIN starting ON slot.id = starting.slot_id
    LEFT JOIN present ON slot.id = present.slot_id
    LEFT JOIN standing ON slot.service_day_id = standing.service_day_id
    LEFT JOIN timed ON slot.id = timed.slot_id
    CROSS JOIN LATERAL (
        VALUES
        (
            'PACING_COVERS', slot.starting_covers, slot.pacing_covers,
            coalesce(timed.pacing_covers, standing.pacing_covers),
            slot.excess_pacing_covers, starting.covers, starting.live_covers
        ),
        (
            'PACING_PARTIES', slot.starting_parties, slot.pacing_parties,
            coalesce(timed.pacing_parties, standing.pacing_parties),
            slot.excess_pacing_parties, starting.parties, starting.live_parties
        ),
        (
            'OCCUPANCY_COVERS', slot.present_covers, slot.occupancy_covers,
            coalesce(timed.occupancy_covers, standing.occupancy_covers),
            slot.excess_occupancy_covers, present.covers, present.live_covers
        ),
        (
            'OCCUPANCY_PARTIES', slot.present_parties, slot.occupancy_parties,
            coalesce(timed.occupancy_parties, standing.occupancy_parties),
            slot.excess_occupancy_parties, present.parties, present.live_parties
        )
    ) AS side (kind, counter, stored_limit, rule_limit, excess, counted, live)
    LEFT JOIN authorised
        ON
            slot.restaurant_id = authorised.restaurant_id
            AND slot.starts_at = authorised.slot_starts_at
            AND side.kind = authorised.kind
)

SELECT
    line.restaurant_id, line.service_day_id, period.name AS period, line.business_date, line.slot_id,
    line.starts_at AT TIME ZONE 'UTC' AS starts_at, line.ends_at AT TIME ZONE 'UTC' AS ends_at, line.wall_time,
    line.kind, line.counter, line.counted, line.live, line.stored_limit, line.rule_limit, line.follows_rules,
    line.excess, line.authorised, line.live_authorised
FROM line
INNER JOIN capacity_serviceperiod AS period ON line.service_period_id = period.id
WHERE
    line.counter <> line.counted
    OR line.stored_limit IS DISTINCT FROM line.rule_limit
    OR line.live > CASE WHEN line.follows_rules THEN line.rule_limit ELSE line.stored_limit END
    -- Of all that are not NULL: without a limit there is no excess.
    OR line.excess <> greatest(0, line.counter - line.stored_limit)
    OR line.excess > line.authorised
ORDER BY line.restaurant_id, line.business_date, line.service_day_id, line.starts_at NULLS FIRST, line.kind
