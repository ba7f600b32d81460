"""A cached property: computed once for each instance, and by no thread in the way of another."""

from dataclasses import dataclass, field
from threading import Barrier, Thread

from config.cached import cached_property


@dataclass(frozen=True)
class Dish:
    together: Barrier
    tasted: list[str] = field(default_factory=list)

    @cached_property
    def taste(self) -> str:
        """Taste it, beside all who taste now."""
        self.tasted.append("once")
        self.together.wait(timeout=10)
        return "sweet"


def test_a_value_is_computed_once_for_its_instance() -> None:
    dish, other = Dish(Barrier(1)), Dish(Barrier(1))

    assert (dish.taste, dish.taste, other.taste) == ("sweet", "sweet", "sweet")
    assert (dish.tasted, other.tasted) == (["once"], ["once"])
    assert Dish.taste.__doc__ == "Taste it, beside all who taste now."


def test_threads_compute_the_values_of_two_instances_at_the_same_time() -> None:
    # Were there one lock for the class, the first would wait in vain for the second.
    together = Barrier(2)
    dishes = Dish(together), Dish(together)
    threads = [Thread(target=lambda dish=dish: dish.taste) for dish in dishes]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert [vars(dish).get("taste") for dish in dishes] == ["sweet", "sweet"]
