-- Many restaurants at once, with service days, slots and bookings, as the engine would have written them.
--
-- By default 10,000 restaurants with 60 dates of 55 slots (33 million) and 100 bookings each (1,000,000): about 10 GB.
-- Sizes are settings of the session; run as a superuser, since triggers of foreign keys are left out:
--     PGOPTIONS='-c many.restaurants=200 -c many.days=60 -c many.bookings=100' psql -f demo/many_restaurants.sql
-- Every restaurant is alike but for its zone, and every second one seats at tables: counters, limits and tables are
-- worked out once for each zone, and copied. VACUUM afterwards.
BEGIN;

SET LOCAL session_replication_role = replica;
SET LOCAL synchronous_commit = off;
SET LOCAL work_mem = '256MB';

CREATE TEMPORARY TABLE size ON COMMIT DROP AS
SELECT
    coalesce(current_setting('many.restaurants', true)::int, 10000) AS restaurants,
    coalesce(current_setting('many.days', true)::int, 60) AS days,
    coalesce(current_setting('many.bookings', true)::int, 100) AS bookings,
    current_date AS first_date,
    (SELECT coalesce(max(id), 0) FROM tables_restaurant) AS restaurant_base,
    (SELECT coalesce(max(id), 0) FROM table_inventory) AS table_base,
    (SELECT coalesce(max(id), 0) FROM capacity_serviceperiod) AS period_base,
    (SELECT coalesce(max(id), 0) FROM capacity_serviceday) AS day_base,
    (SELECT coalesce(max(id), 0) FROM bookings_booking) AS booking_base;

-- The first date has no bookings, and an evening of twenty tables takes at most four rounds of five parties.
CREATE TEMPORARY TABLE within_size (bookings int CHECK (bookings <= 0)) ON COMMIT DROP;
INSERT INTO within_size SELECT bookings - 20 * (days - 1) FROM size;

-- The house of every restaurant ------------------------------------------------------------------------------

CREATE TEMPORARY TABLE house ON COMMIT DROP AS
SELECT
    number,
    size.restaurant_base + number AS id,
    (ARRAY['Europe/London', 'Europe/Paris', 'America/New_York', 'Asia/Tokyo'])[number % 4 + 1] AS zone,
    CASE WHEN number % 2 = 0 THEN 'tables' ELSE 'covers' END AS seating_mode
FROM size
CROSS JOIN generate_series(1, size.restaurants) AS number;

CREATE TEMPORARY TABLE period (
    number int, name text, start_time time, last_seating time, end_time time
) ON COMMIT DROP;
INSERT INTO period VALUES
(1, 'Breakfast', '07:00', '10:30', '11:30'),
(2, 'Lunch', '11:30', '15:15', '16:30'),
(3, 'Dinner', '17:00', '22:45', '23:59');

CREATE TEMPORARY TABLE grid ON COMMIT DROP AS
SELECT period.number AS period_number, start AS starts_after_midnight
FROM period
CROSS JOIN generate_series(0, 95) AS quarter
CROSS JOIN LATERAL (SELECT quarter * interval '15 minutes' AS start) AS slot
WHERE start BETWEEN period.start_time::interval AND period.last_seating::interval;

-- The visits of every restaurant: five parties an evening, an hour apart, then the next evening.
CREATE TEMPORARY TABLE visit ON COMMIT DROP AS
SELECT
    number,
    1 + number / 5 % (size.days - 1) AS day,
    interval '17 hours' + number % 5 * interval '1 hour' AS starts_after_midnight,
    1 + number % 4 AS party_size,
    CASE WHEN number % 4 < 2 THEN 90 ELSE 120 END AS turn_minutes,
    1 + number % 5 + 5 * (number / 5 / (size.days - 1)) AS table_number
FROM size
CROSS JOIN generate_series(0, size.bookings - 1) AS number;

-- What they count, once for each date and slot ----------------------------------------------------------------

CREATE TEMPORARY TABLE day_count ON COMMIT DROP AS
SELECT
    offered.day, period.number AS period_number,
    coalesce(sum(visit.party_size), 0) AS covers, count(visit.number) AS parties
FROM size
CROSS JOIN generate_series(0, size.days - 1) AS offered (day)
CROSS JOIN period
LEFT JOIN visit ON visit.day = offered.day AND period.name = 'Dinner'
GROUP BY offered.day, period.number;

CREATE TEMPORARY TABLE slot_count ON COMMIT DROP AS
SELECT
    offered.day, grid.period_number, grid.starts_after_midnight,
    coalesce(sum(visit.party_size) FILTER (WHERE visit.starts_after_midnight = grid.starts_after_midnight), 0)
        AS starting_covers,
    count(visit.number) FILTER (WHERE visit.starts_after_midnight = grid.starts_after_midnight) AS starting_parties,
    coalesce(sum(visit.party_size), 0) AS present_covers,
    count(visit.number) AS present_parties
FROM size
CROSS JOIN generate_series(0, size.days - 1) AS offered (day)
CROSS JOIN grid
LEFT JOIN visit
    ON
        visit.day = offered.day
        AND visit.starts_after_midnight < grid.starts_after_midnight + interval '15 minutes'
        AND visit.starts_after_midnight + visit.turn_minutes * interval '1 minute' > grid.starts_after_midnight
GROUP BY offered.day, grid.period_number, grid.starts_after_midnight;

-- Instants depend on the wall of a zone.
CREATE TEMPORARY TABLE zoned_slot ON COMMIT DROP AS
SELECT
    zone, slot_count.*,
    (size.first_date + slot_count.day + slot_count.starts_after_midnight) AT TIME ZONE zone AS starts_at
FROM size
CROSS JOIN (SELECT DISTINCT zone FROM house) AS wall
CROSS JOIN slot_count;

CREATE TEMPORARY TABLE zoned_day ON COMMIT DROP AS
SELECT
    zone, day, period_number, covers, parties,
    min(zoned_slot.starts_at) AS starts_at,
    -- The longest stay of the default turn times.
    max(zoned_slot.starts_at) + interval '150 minutes' AS ends_at
FROM zoned_slot
INNER JOIN day_count USING (day, period_number)
GROUP BY zone, day, period_number, covers, parties;
ANALYZE house;
ANALYZE zoned_slot;
ANALYZE zoned_day;
ANALYZE visit;

-- The rows ----------------------------------------------------------------------------------------------------

INSERT INTO tables_restaurant (
    id, public_id, slug, name, active, phone, email, address, timezone, slot_minutes, party_size_min, party_size_max,
    min_notice_minutes, max_days_ahead, cancel_cutoff_minutes, grace_minutes, buffer_minutes, enforcement,
    beta_partner, shows_tables, reseat_freeze_minutes, created_at, updated_at
)
SELECT
    id, gen_random_uuid(), 'many-' || id, 'Restaurant ' || id, true, '', '', '', zone, 15, 1, 8,
    0, 365, 0, 15, 0, 'enforce', false, false, 0, now(), now()
FROM house;

INSERT INTO table_inventory (
    id, restaurant_id, number, capacity, min_party_size, max_party_size, priority, seating_type, status, audience, shape
)
SELECT
    size.table_base + (house.number - 1) * 20 + seat.number, house.id, 'T' || seat.number, 4, 1, 4, 0, 'indoor', 'active',
    ARRAY['online', 'in_house', 'walk_in'], 'square'
FROM size
CROSS JOIN house
CROSS JOIN generate_series(1, 20) AS seat (number)
-- Those of a restaurant together, as an import writes them.
ORDER BY house.number, seat.number;

INSERT INTO capacity_serviceperiod (
    id, restaurant_id, name, weekdays, start_time, last_seating, end_time, seating_mode
)
SELECT
    size.period_base + (house.number - 1) * 3 + period.number, house.id, period.name, ARRAY[1, 2, 3, 4, 5, 6, 7],
    period.start_time, period.last_seating, period.end_time, house.seating_mode
FROM size
CROSS JOIN house
CROSS JOIN period
ORDER BY house.number, period.number;

INSERT INTO restaurant_capacity_rules (id, restaurant_id, max_covers, pacing_covers, note, version)
SELECT nextval(pg_get_serial_sequence('restaurant_capacity_rules', 'id')), id, 80, 20, '', 1 FROM house;

INSERT INTO capacity_serviceday (
    id, restaurant_id, service_period_id, business_date, starts_at, ends_at, max_covers,
    booked_covers, booked_parties, excess_covers, excess_parties, version
)
SELECT
    size.day_base + ((house.number - 1) * size.days + zoned_day.day) * 3 + zoned_day.period_number,
    house.id, size.period_base + (house.number - 1) * 3 + zoned_day.period_number,
    size.first_date + zoned_day.day, zoned_day.starts_at, zoned_day.ends_at, 80,
    zoned_day.covers, zoned_day.parties, 0, 0, 1 + zoned_day.parties
FROM size
CROSS JOIN house
INNER JOIN zoned_day USING (zone)
ORDER BY house.number, zoned_day.starts_at;

INSERT INTO booking_slots (
    id, restaurant_id, service_day_id, starts_at, ends_at, bookable, pacing_covers,
    starting_covers, starting_parties, present_covers, present_parties,
    excess_pacing_covers, excess_pacing_parties, excess_occupancy_covers, excess_occupancy_parties, version
)
SELECT
    nextval(pg_get_serial_sequence('booking_slots', 'id')), house.id,
    size.day_base + ((house.number - 1) * size.days + zoned_slot.day) * 3 + zoned_slot.period_number,
    zoned_slot.starts_at, zoned_slot.starts_at + interval '15 minutes', true, 20,
    zoned_slot.starting_covers, zoned_slot.starting_parties, zoned_slot.present_covers, zoned_slot.present_parties,
    0, 0, 0, 0, 1 + zoned_slot.present_parties
FROM house
CROSS JOIN size
CROSS JOIN LATERAL (
    SELECT * FROM zoned_slot WHERE zoned_slot.zone = house.zone ORDER BY starts_at OFFSET 0
) AS zoned_slot;

INSERT INTO bookings_booking (
    id, public_id, reference, restaurant_id, service_day_id, business_date, wall_time, starts_at, ends_at,
    turn_minutes, buffer_minutes, party_size, status, source, seating, guest_name, guest_email, guest_phone, notes,
    marketing_opt_in, version, token_generation, request_hash, created_at, updated_at
)
SELECT
    size.booking_base + (house.number - 1) * size.bookings + visit.number + 1, gen_random_uuid(),
    'M' || lpad((size.booking_base + (house.number - 1) * size.bookings + visit.number + 1)::text, 9, '0'),
    house.id, size.day_base + ((house.number - 1) * size.days + visit.day) * 3 + 3, size.first_date + visit.day,
    visit.starts_after_midnight::time, stay.starts_at, stay.starts_at + visit.turn_minutes * interval '1 minute',
    visit.turn_minutes, 0, visit.party_size, 'confirmed', 'web', '', 'Ada Lovelace', 'ada@example.com',
    '+442079460018', '', false, 1, 1, '', now(), now()
FROM size
CROSS JOIN house
CROSS JOIN visit
CROSS JOIN LATERAL (
    SELECT (size.first_date + visit.day + visit.starts_after_midnight) AT TIME ZONE house.zone AS starts_at
) AS stay;

INSERT INTO bookings_bookingevent (id, restaurant_id, booking_id, kind, actor_label, reason, created_at)
SELECT
    nextval(pg_get_serial_sequence('bookings_bookingevent', 'id')), booking.restaurant_id, booking.id, 'created',
    'guest', '', booking.created_at
FROM size
INNER JOIN bookings_booking AS booking ON booking.id > size.booking_base;

INSERT INTO booking_table_assignments (
    id, restaurant_id, booking_id, table_id, during, pinned, assigned_by, created_at
)
SELECT
    nextval(pg_get_serial_sequence('booking_table_assignments', 'id')), booking.restaurant_id, booking.id,
    size.table_base + (house.number - 1) * 20 + visit.table_number,
    tstzrange(booking.starts_at, booking.ends_at), false, 'guest', booking.created_at
FROM size
CROSS JOIN house
CROSS JOIN visit
INNER JOIN bookings_booking AS booking
    ON booking.id = size.booking_base + (house.number - 1) * size.bookings + visit.number + 1
WHERE house.seating_mode = 'tables';

SELECT setval(pg_get_serial_sequence('tables_restaurant', 'id'), max(id)) FROM tables_restaurant;
SELECT setval(pg_get_serial_sequence('table_inventory', 'id'), max(id)) FROM table_inventory;
SELECT setval(pg_get_serial_sequence('capacity_serviceperiod', 'id'), max(id)) FROM capacity_serviceperiod;
SELECT setval(pg_get_serial_sequence('capacity_serviceday', 'id'), max(id)) FROM capacity_serviceday;
SELECT setval(pg_get_serial_sequence('bookings_booking', 'id'), max(id)) FROM bookings_booking;

ANALYZE tables_restaurant, table_inventory, capacity_serviceperiod, restaurant_capacity_rules, capacity_serviceday,
booking_slots, bookings_booking, bookings_bookingevent, booking_table_assignments;

COMMIT;
