namespace Hita.Distributed.Mpi;

/// <summary>What an MPI library calls the things that programs name by constants.</summary>
internal enum MpiFlavour
{
    /// <summary>Open MPI 4 and 5: the addresses of its variables.</summary>
    OpenMpi,

    /// <summary>Any library with the standard's own binary interface, which version 5 brought.</summary>
    StandardAbi,

    /// <summary>MPICH and its kin: numbers of 32 bits.</summary>
    Mpich,
}

/// <summary>The constants of a flavour.</summary>
/// <param name="World">All ranks.</param>
/// <param name="Byte">The type of bytes.</param>
/// <param name="Float32">The type of float32.</param>
/// <param name="Int64">The type of int64.</param>
/// <param name="UInt16">The type of uint16, as which bfloat16 travels.</param>
/// <param name="Sum">Addition.</param>
/// <param name="Max">The maximum.</param>
/// <param name="ErrorsReturn">The handler that returns errors.</param>
/// <param name="InPlace">Stands for "the input is where the output shall be".</param>
/// <param name="IgnoreStatus">Stands for a status that is not asked for.</param>
/// <param name="Funneled">The support for threads of which one calls.</param>
internal sealed record MpiConstants(
    nint World, nint Byte, nint Float32, nint Int64, nint UInt16, nint Sum, nint Max, nint ErrorsReturn, nint InPlace, nint IgnoreStatus, int Funneled)
{
    /// <summary>Those of the standard's binary interface.</summary>
    public static MpiConstants StandardAbi { get; } = new(
        World: 0x101, Byte: 0x247, Float32: 0x210, Int64: 0x258, UInt16: 0x249, Sum: 0x21, Max: 0x23, ErrorsReturn: 0x142, InPlace: 1, IgnoreStatus: 0, Funneled: 1024);

    /// <summary>Those of MPICH, whose numbers carry their size: the third byte of a type's from the end.</summary>
    public static MpiConstants Mpich { get; } = new(
        World: 0x44000000, Byte: 0x4c00010d, Float32: 0x4c00040a, Int64: 0x4c000809, UInt16: 0x4c000204, Sum: 0x58000003, Max: 0x58000001, ErrorsReturn: 0x54000001,
        InPlace: -1, IgnoreStatus: 1, Funneled: 1);

    /// <summary>Those of Open MPI, found in the library.</summary>
    /// <param name="addressOf">The address of a variable by name.</param>
    public static MpiConstants OpenMpi(Func<string, nint> addressOf) => new(
        World: addressOf("ompi_mpi_comm_world"),
        Byte: addressOf("ompi_mpi_byte"),
        Float32: addressOf("ompi_mpi_float"),
        Int64: addressOf("ompi_mpi_int64_t"),
        UInt16: addressOf("ompi_mpi_uint16_t"),
        Sum: addressOf("ompi_mpi_op_sum"),
        Max: addressOf("ompi_mpi_op_max"),
        ErrorsReturn: addressOf("ompi_mpi_errors_return"),
        InPlace: 1,
        IgnoreStatus: 0,
        Funneled: 1);
}
