using System.Security.Cryptography;
using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;

namespace Latchkey.Tests.Controller;

/// <summary>What must never move a door, and what is answered instead.</summary>
public class CommandGuardTests
{
    private readonly MachineRig _rig = new();

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(-86_400_000)]
    public void An_expired_command_is_not_acted_on(int lifeMs)
    {
        _rig.Receive(_rig.Order(1, lifeMs)).Pass(2_000);
        _rig.Pulses.ShouldBe(0);
        _rig.OnlyResult.Outcome.ShouldBe(Outcomes.Expired);
        _rig.Disk.ShouldBeEmpty("old orders played back by a stranger must not wear the flash");
    }

    [Fact]
    public void A_command_that_expires_in_the_queue_is_not_acted_on()
    {
        _rig.Receive(_rig.Order(1)).Receive(_rig.Order(2, lifeMs: 250)).Pass(250);
        _rig.OnlyResult.ShouldSatisfyAllConditions(r => r.Locker.ShouldBe(2), r => r.Outcome.ShouldBe(Outcomes.Expired));
        _rig.Pass(5_000);
        _rig.Pulses.ShouldBe(1);
    }

    [Fact]
    public void A_command_that_expires_while_the_disk_is_awaited_is_not_acted_on()
    {
        _rig.DiskWaits = true;
        _rig.Receive(_rig.Order(1)).Pass(10_000).AnswerDisk();
        _rig.Pulses.ShouldBe(0);
        _rig.OnlyResult.Outcome.ShouldBe(Outcomes.Expired);
    }

    [Fact]
    public void A_clock_that_is_set_back_gives_a_waiting_command_no_second_life()
    {
        _rig.DiskWaits = true;
        _rig.Receive(_rig.Order(1));
        _rig.UnixMs -= 3_600_000;
        _rig.Pass(10_000).AnswerDisk();
        _rig.Pulses.ShouldBe(0);
    }

    [Fact]
    public void A_retained_command_is_refused()
    {
        _rig.Receive(_rig.Order(1), retained: true).Pass(2_000);
        _rig.Pulses.ShouldBe(0);
        _rig.OnlyResult.Reason.ShouldBe(RefusalReasons.Retained);
    }

    [Fact]
    public void A_forged_command_is_refused_and_leaves_nothing_behind()
    {
        using var stranger = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using var device = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        CommandKey wrong = CommandKey.Derive(stranger, device.PublicKey, MachineRig.Device);
        _rig.Receive(_rig.Order(1, key: wrong)).Pass(2_000);
        _rig.Pulses.ShouldBe(0);
        _rig.OnlyResult.Reason.ShouldBe(RefusalReasons.Forged);
        _rig.Disk.ShouldBeEmpty();
    }

    public static readonly TheoryData<string> Alterations = ["id", "kind", "locker", "expires", "authority", "mac", "no mac"];

    [Theory]
    [MemberData(nameof(Alterations))]
    public void A_command_that_was_altered_in_any_field_is_forged(string field)
    {
        CommandMessage order = _rig.Order(1);
        _rig.Receive(field switch
        {
            "id" => order with { Id = _rig.NextId() },
            "kind" => order with { Kind = CommandKinds.Unlock },
            "locker" => order with { Locker = 2 },
            "expires" => order with { Expires = order.Expires + 1 },
            "authority" => order with { Authority = "operator:x" },
            "mac" => order with { Mac = (order.Mac[0] == 'A' ? 'B' : 'A') + order.Mac[1..] },
            _ => order with { Mac = "" },
        }).Pass(2_000);
        _rig.Pulses.ShouldBe(0);
        _rig.OnlyResult.Reason.ShouldBe(RefusalReasons.Forged);
    }

    [Fact]
    public void A_forged_copy_says_nothing_about_a_genuine_command()
    {
        CommandMessage order = _rig.Order(1);
        _rig.Receive(order).Receive(order with { Locker = 2 });
        _rig.Reports<ResultMessage>().ShouldBeEmpty();
    }

    [Fact]
    public void The_order_of_another_device_is_forged_here()
    {
        using var server = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using var shared = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        CommandKey here = CommandKey.Derive(shared, server.PublicKey, MachineRig.Device);
        CommandKey there = CommandKey.Derive(server, shared.PublicKey, Guid.Parse("0193a5b0-0000-7000-8000-000000000002"));
        here.IsGenuine(_rig.Order(1, key: there)).ShouldBeFalse();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public void A_locker_that_does_not_exist_is_refused(int locker)
    {
        _rig.Receive(_rig.Order(locker)).Pass(2_000);
        _rig.Pulses.ShouldBe(0);
        _rig.OnlyResult.Reason.ShouldBe(RefusalReasons.NoSuchLocker);
    }

    [Theory]
    [InlineData(CommandKinds.Lock)]
    [InlineData(CommandKinds.Unlock)]
    [InlineData("dance")]
    public void A_momentary_lock_only_opens(string kind)
    {
        _rig.Receive(_rig.Order(1, kind: kind)).Pass(2_000);
        _rig.Pulses.ShouldBe(0);
        _rig.OnlyResult.Reason.ShouldBe(RefusalReasons.NotSupported);
    }

    [Fact]
    public void A_duplicate_is_answered_with_the_stored_result_and_does_nothing()
    {
        CommandMessage order = _rig.Order(1);
        _rig.Receive(order).Pass(60).Sense(1, open: true).Pass(500);
        _rig.Receive(order).Receive(order, retained: true).Pass(2_000);
        _rig.Pulses.ShouldBe(1);
        _rig.Reports<ResultMessage>().Select(r => r.Outcome).ShouldBe([Outcomes.Opened, Outcomes.Opened, Outcomes.Opened]);
    }

    [Fact]
    public void A_duplicate_of_a_command_under_way_has_one_pulse_and_one_result()
    {
        CommandMessage order = _rig.Order(1);
        _rig.DiskWaits = true;
        _rig.Receive(order).Receive(order).AnswerDisk().Receive(order).Pass(500).Receive(order).Pass(2_000).Receive(order).AnswerDisk();
        _rig.Pulses.ShouldBe(1);
        _rig.OnlyResult.Outcome.ShouldBe(Outcomes.NotOpened);
    }

    [Fact]
    public void A_refused_command_stays_refused_after_a_restart()
    {
        var rig = new MachineRig(_rig.Settings with { QueueLimit = 1 });
        rig.Receive(rig.Order(1)).Receive(rig.Order(2));
        CommandMessage refused = rig.Order(3);
        rig.Receive(refused).Reboot();
        int before = rig.Pulses;
        rig.Receive(refused).Pass(2_000);
        rig.Pulses.ShouldBe(before);
        rig.Reports<ResultMessage>().Last(r => r.Command == refused.Id).Reason.ShouldBe(RefusalReasons.Busy);
    }

    [Fact]
    public void After_a_power_cut_an_intent_without_outcome_is_unknown_and_never_tried_again()
    {
        CommandMessage order = _rig.Order(1);
        _rig.Receive(order).Pass(100).Reboot();
        _rig.OnlyResult.Outcome.ShouldBe(Outcomes.Unknown);
        _rig.Receive(order).Pass(2_000);
        _rig.Pulses.ShouldBe(1);
        _rig.Reports<ResultMessage>().Select(r => r.Outcome).ShouldBe([Outcomes.Unknown, Outcomes.Unknown]);
    }

    [Fact]
    public void A_result_that_the_server_may_not_have_is_said_again_after_a_restart()
    {
        CommandMessage first = _rig.Order(1), second = _rig.Order(2);
        _rig.Receive(first).Receive(second).Pass(5_000).Do(new CabinetInput.Delivered(first.Id));
        int before = _rig.Reports<ResultMessage>().Count();
        _rig.Reboot();
        _rig.Reports<ResultMessage>().Skip(before).ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            r => r.Command.ShouldBe(second.Id), r => r.Boot.ShouldBe(2));
    }

    [Fact]
    public void An_expired_or_forged_command_whose_result_was_delivered_is_not_found_unfinished_after_a_restart()
    {
        CommandMessage expired = _rig.Order(1, lifeMs: 0), forged = _rig.Order(1) with { Mac = "" };
        foreach (CommandMessage order in new[] { expired, forged })
            _rig.Receive(order).Do(new CabinetInput.Delivered(order.Id));
        _rig.Reboot();
        _rig.Disk.ShouldBeEmpty();
        _rig.Reports<ResultMessage>().Count().ShouldBe(2);
    }

    [Fact]
    public void A_retained_command_stays_refused_when_it_comes_again_after_a_restart()
    {
        CommandMessage order = _rig.Order(1);
        _rig.Receive(order, retained: true).Reboot().Receive(order).Pass(2_000);
        _rig.Pulses.ShouldBe(0);
        _rig.Reports<ResultMessage>().ShouldAllBe(r => r.Reason == RefusalReasons.Retained);
    }

    [Fact]
    public void What_was_forgotten_cannot_be_replayed_by_setting_the_clock_back()
    {
        List<CommandMessage> old = [];
        for (int i = 0; i < 64; i++)
        {
            old.Add(_rig.Order(1 + i % 4));
            _rig.Receive(old[^1]).Pass(2_000).Do(new CabinetInput.Delivered(old[^1].Id)); // what the server has not heard is never forgotten
        }
        _rig.Pass(3_600_000).Receive(_rig.Order(1)).Pass(2_000);
        int before = _rig.Pulses;
        _rig.UnixMs = old[10].Expires - 5_000;
        _rig.Receive(old[10]).Pass(2_000);
        _rig.Pulses.ShouldBe(before);
    }
}
